# SPDX-License-Identifier: Apache-2.0
"""The short rescaling against the contract's on every accumulator."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.lower.rescale_fit import checked, fit, fit_with_jumps, steps_of
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale
from milliwatt.ops.fixed_point import quantize_multiplier, requantize

LOW, HIGH = -30000, 40000


def constants(multipliers: list[float], rounding: Rounding, zero: int) -> Rescale:
    pairs = [quantize_multiplier(multiplier) for multiplier in multipliers]
    mantissa = np.array([mantissa for mantissa, _ in pairs], np.int32)
    exponent = np.array([exponent for _, exponent in pairs], np.int32)
    return Rescale(mantissa, exponent, 0, zero, -128, 127, rounding)


def contract(rescale: Rescale, accumulators: np.ndarray) -> np.ndarray:
    wide = requantize(accumulators, rescale.mantissa[:, None], rescale.exponent[:, None], rescale.rounding)
    return np.clip(wide + rescale.output_offset, -128, 127)


def bounds(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(count, LOW, np.int64), np.full(count, HIGH, np.int64)


MULTIPLIERS = {
    "random": [*np.random.default_rng(3).uniform(0.0005, 0.02, 20)],
    "powers_of_two": [2.0**-power for power in range(5, 12)],
    "near_powers_of_two": [2.0**-power * factor for power in (6, 9) for factor in (1 - 2**-24, 1 + 2**-20)],
    "hardly_any_output": [1e-6, 0.003, 2e-9],
    "zero": [0.0, 0.01],
    "saturates_at_once": [0.2, 0.01],
}


@pytest.mark.parametrize("zero", [-128, 0, 55, 127])
@pytest.mark.parametrize("multipliers", MULTIPLIERS.values(), ids=MULTIPLIERS)
def test_one_rounding_equals_the_contract_everywhere(multipliers: list[float], zero: int) -> None:
    rescale = constants(multipliers, Rounding.SINGLE, zero)
    short = fit(rescale, steps_of(rescale, *bounds(len(multipliers))))
    every = np.arange(LOW, HIGH + 1)[None, :]
    assert short is not None
    assert np.array_equal(short.outputs(every), contract(rescale, every))


@pytest.mark.parametrize("multipliers", MULTIPLIERS.values(), ids=MULTIPLIERS)
def test_two_roundings_of_clamped_outputs_equal_the_contract_everywhere(multipliers: list[float]) -> None:
    rescale = constants(multipliers, Rounding.DOUBLE, -128)
    short = fit(rescale, steps_of(rescale, *bounds(len(multipliers))))
    every = np.arange(LOW, HIGH + 1)[None, :]
    assert short is not None
    assert np.array_equal(short.outputs(every), contract(rescale, every))


@pytest.mark.parametrize("zero", [-128, 0, 55, 127])
def test_jumps_imitate_two_roundings_everywhere(zero: int) -> None:
    rescale = constants([*np.random.default_rng(4).uniform(0.0005, 0.02, 20)], Rounding.DOUBLE, zero)
    short = fit_with_jumps(rescale, steps_of(rescale, *bounds(20)), scale=8)
    every = np.arange(LOW, HIGH + 1)[None, :]
    assert short is not None
    assert np.array_equal(short.outputs(every), contract(rescale, every))


def test_two_roundings_of_signed_outputs_have_no_form_without_jumps() -> None:
    rescale = constants([0.0123, 0.0077], Rounding.DOUBLE, 3)
    assert fit(rescale, steps_of(rescale, *bounds(2))) is None


def test_a_wrong_constant_is_found() -> None:
    rescale = constants([0.0123], Rounding.SINGLE, 0)
    steps = steps_of(rescale, *bounds(1))
    short = fit(rescale, steps)
    assert short is not None
    short.offset[0] += 1
    assert not short.equals(steps)


def test_steps_are_the_first_accumulators_of_their_outputs() -> None:
    rescale = constants([0.0123], Rounding.DOUBLE, 7)
    steps = steps_of(rescale, *bounds(1))
    outputs = contract(rescale, np.arange(LOW, HIGH + 1)[None, :])[0]
    expected = [LOW + int(np.argmax(outputs >= level)) for level in range(-127, 128)]
    assert steps.first[0].tolist() == expected


def test_constants_beyond_32_bits_are_refused() -> None:
    with pytest.raises(OverflowError, match="32 bits"):
        checked([1 << 31])
