# SPDX-License-Identifier: Apache-2.0
"""Multipliers of one word that round as products in double precision do, on every accumulator that matters."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.lower.real_scale import in_one_word, two_words
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale
from milliwatt.ops.fixed_point import quantize_multiplier


def constants(scales: list[float], zero_point: int) -> Rescale:
    pairs = np.array([quantize_multiplier(scale) for scale in scales], np.int32)
    return Rescale(
        pairs[:, 0], pairs[:, 1], 0, zero_point, -128, 127, Rounding.REAL, np.array(scales)
    )  # fmt: skip


@pytest.mark.parametrize("zero_point", [-128, 0, 5])
def test_one_word_is_the_contract_around_every_step(zero_point: int) -> None:
    random = np.random.default_rng(zero_point + 200)
    scales = [2.0**power / number for power in (-12, -8, -1) for number in (1, 3, 5, 7, 11)]
    scales += list(2.0 ** random.uniform(-14, 1, 60))
    found = 0
    for scale in scales:
        real = constants([scale], zero_point)
        fixed = in_one_word(real)
        if fixed.rounding is Rounding.REAL:
            continue
        found += 1
        steps = np.floor((np.arange(-256, 257) + 0.5) / scale)
        values = (steps[:, None] + np.arange(-2, 4)).astype(np.int64).reshape(-1, 1)
        limits = (-128 - zero_point, 127 - zero_point)
        np.testing.assert_array_equal(
            np.clip(fixed.applied(values), *limits), np.clip(real.applied(values), *limits), f"{scale}"
        )
    assert found > len(scales) // 2


def test_a_scale_that_31_bits_do_not_tell_from_a_tie_stays_as_it_is() -> None:
    real = constants([0.01, 9.268824903862631e-08], 0)
    assert in_one_word(real) is real
    with pytest.raises(ValueError, match="fixed point"):
        two_words(in_one_word(constants([0.01], 0)))


def test_fixed_point_is_left_alone() -> None:
    plain = Rescale(np.array([1 << 30], np.int32), np.array([-3], np.int32), 0, 0, -128, 127, Rounding.DOUBLE)
    assert in_one_word(plain) is plain
