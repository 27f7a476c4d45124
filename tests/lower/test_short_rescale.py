# SPDX-License-Identifier: Apache-2.0
"""The short rescaling gives the contract's result for every accumulator that can occur, or there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.lower.short_rescale import short_rescale
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale
from milliwatt.ops.fixed_point import quantize_multiplier, requantize

Array = npt.NDArray[Any]

CHANNELS = 4
FORMS = {
    "single": (Rounding.SINGLE, "NONE"),
    "double behind a ReLU": (Rounding.DOUBLE, "RELU"),
    "double": (Rounding.DOUBLE, "NONE"),
}


def random_constants(seed: int, form: str) -> tuple[Rescale, Array, Array]:
    """Multipliers of any size, and bounds of the accumulators that are reached."""
    random = np.random.default_rng(seed)
    rounding, activation = FORMS[form]
    spread = random.choice([0.0, 2.0, 5.0])
    reals = 2.0 ** (random.uniform(-11, 1) + random.uniform(-spread, 0, CHANNELS))
    pairs = [quantize_multiplier(float(real)) for real in reals]
    zero_point = int(random.choice([-128, -128, 0, 5, 127]))
    low = zero_point if activation == "RELU" else -128
    high = int(random.choice([127, max(low, 100)]))
    constants = Rescale(
        mantissa=np.array([mantissa for mantissa, _ in pairs], np.int32),
        exponent=np.array([exponent for _, exponent in pairs], np.int32),
        input_offset=0,
        output_offset=zero_point,
        low=low,
        high=high,
        rounding=rounding,
    )
    reach = np.minimum(300 / reals, 200_000).astype(np.int64) + 10
    return constants, -reach, reach


@pytest.mark.parametrize("small", [False, True], ids=["scaled", "as they are"])
@pytest.mark.parametrize("form", FORMS)
def test_every_accumulator_that_can_occur(form: str, *, small: bool) -> None:
    """``small``: with weights as they are, or doubled, which larger multipliers than 1/2 do not permit."""
    found = 0
    for seed in range(40):
        constants, low, high = random_constants(seed, form)
        largest = np.full(CHANNELS, 31)
        short = short_rescale(constants, low=low, high=high, largest=largest, small=small)
        if short is None:
            continue
        found += 1
        for channel in range(CHANNELS):
            sums = np.arange(low[channel], high[channel] + 1)
            scaled = requantize(
                sums, constants.mantissa[channel], constants.exponent[channel], constants.rounding
            )
            expected = np.clip(scaled + constants.output_offset, constants.low, constants.high)
            assert np.array_equal(short.evaluate(sums, channel), expected), f"seed {seed}, channel {channel}"
        assert not small or set(short.scaling) <= {0, 1}
    assert found > 25


def test_weights_that_would_leave_16_bits_have_no_short_form() -> None:
    constants, _, _ = random_constants(0, "single")
    one_small = np.array([1, 1, 1, 2**12], np.int64)
    apart = Rescale(
        **{**vars(constants), "exponent": np.array([-2, -2, -2, -14]), "mantissa": np.full(4, 2**30)}
    )
    low, high = np.full(4, -(2**15)), np.full(4, 2**15)
    assert short_rescale(apart, low=low, high=high, largest=one_small) is not None
    assert short_rescale(apart, low=low, high=high, largest=one_small[::-1]) is None


def test_a_channel_that_gives_the_zero_point_alone_does_not_bind_the_others() -> None:
    constants, _, _ = random_constants(0, "double behind a ReLU")
    tiny = Rescale(
        **{**vars(constants), "exponent": np.array([-5, -6, -30, -5]), "mantissa": np.full(4, 2**30)}
    )
    low, high = np.full(4, -(2**20)), np.full(4, 2**20)
    short = short_rescale(tiny, low=low, high=high, largest=np.full(4, 127))
    assert short is not None
    assert short.mantissa.tolist() == [2**30, 2**30, 0, 2**30]
    assert set(short.evaluate(np.array([-(2**20), 0, 2**20]), 2)) == {constants.output_offset}


def test_accumulators_beyond_32_bits_have_no_short_form() -> None:
    constants, _, _ = random_constants(0, "double")
    low, high = np.full(4, -(2**30)), np.full(4, 2**30)
    assert short_rescale(constants, low=low, high=high, largest=np.ones(4, np.int64)) is None
