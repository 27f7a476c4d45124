# SPDX-License-Identifier: Apache-2.0
"""Logistic and tanh of int16 fixed-point numbers as gemmlowp computes them, which integer LSTMs use.

All arithmetic is on int16 raw values with a given number of integer bits: raw = real * 2**(15 - bits).
Constants are gemmlowp's 32-bit ones, rounded to 16 bits. Source: gemmlowp `fixedpoint/fixedpoint.h`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_MIN, _MAX = -(2**15), 2**15 - 1

_EXP_FACTORS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
"""(power, exp(-2**power) in 0.31 format): what each bit of an exponent multiplies by."""


def divide_by_power(values: Array, exponent: int) -> Array:
    """RoundingDivideByPOT: values / 2**exponent, ties away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (values < 0)
    result: Array = (values >> exponent) + ((values & mask) > threshold)
    return result


def high_multiply(left: Array, right: Array | int) -> Array:
    """SaturatingRoundingDoublingHighMul of int16: round(left * right / 2**15), halves away from zero."""
    product = left * np.asarray(right, np.int64)
    total = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    quotient = np.where(total >= 0, total >> 15, -((-total) >> 15))
    return np.minimum(quotient, _MAX)


def logistic(values: Array, *, integer_bits: int) -> Array:
    """1 / (1 + exp(-value)) with no integer bit.

    Args:
        values: int16 raw values as int64.
        integer_bits: of the values, 0 to 5.
    """
    positive = values > 0
    magnitude = np.where(positive, values, _wrap(-values))
    upper = _one_over_one_plus(_exp_on_negative(_wrap(-magnitude), integer_bits=integer_bits))
    return np.where(values == 0, 1 << 14, np.where(positive, upper, _MAX - upper))


def tanh(values: Array, *, integer_bits: int) -> Array:
    """The hyperbolic tangent with no integer bit.

    Args:
        values: int16 raw values as int64.
        integer_bits: of the values, 0 to 5.
    """
    negative = values < 0
    below = np.where(negative, values, -values)
    result = _one_minus_over_one_plus(_exp_on_negative(below, integer_bits=integer_bits + 1))
    return np.where(values == 0, 0, np.where(negative, -result, result))


def _constant(value: int) -> int:
    return int(divide_by_power(np.array(value, np.int64), 16))


def _wrap(values: Array) -> Array:
    wrapped: Array = values.astype(np.int16).astype(np.int64)
    return wrapped


def _saturate(values: Array) -> Array:
    limited: Array = np.clip(values, _MIN, _MAX)
    return limited


def _shift_left(values: Array, bits: int) -> Array:
    return _saturate(values << bits)


def _exp_between(values: Array) -> Array:
    """exp of [-1/4, 0) without integer bits: a Taylor polynomial around -1/8."""
    third, constant = _constant(715827883), _constant(1895147668)
    x = _wrap(values + (1 << 12))
    x2 = high_multiply(x, x)
    x3 = high_multiply(x2, x)
    x4 = high_multiply(x2, x2)
    inner = high_multiply(_wrap(divide_by_power(x4, 2) + x3), third)
    polynomial = divide_by_power(_wrap(inner + x2), 1)
    return _saturate(constant + high_multiply(_wrap(x + polynomial), constant))


def _exp_on_negative(values: Array, *, integer_bits: int) -> Array:
    """exp of values <= 0: the last quarter by a polynomial, the rest bit by bit."""
    fraction_bits = 15 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    last = (values & (quarter - 1)) - quarter
    result = _exp_between(_shift_left(last, integer_bits))
    remainder = last - values
    for power, factor in _EXP_FACTORS:
        if integer_bits > power:
            bit = (remainder >> (fraction_bits + power)) & 1
            result = np.where(bit == 1, high_multiply(result, _constant(factor)), result)
    if integer_bits > 5:
        result = np.where(values < _constant(-(1 << (36 - integer_bits))), 0, result)
    return np.where(values == 0, _MAX, result)


def _reciprocal(values: Array) -> Array:
    """2 / (1 + value) with two integer bits, by Newton's method from a linear guess; value in 0..1."""
    total = values + _MAX
    half = (total + 1) // 2
    x = _wrap(_constant(1515870810) + high_multiply(half, _constant(-1010580540)))
    for _ in range(3):
        rest = _wrap((1 << 13) - high_multiply(half, x))
        x = _wrap(x + _shift_left(high_multiply(x, rest), 2))
    return x


def _one_over_one_plus(values: Array) -> Array:
    """1 / (1 + value) without integer bits; the raw value of 2 / (1 + value) halves by its format."""
    return _shift_left(_reciprocal(values), 1)


def _one_minus_over_one_plus(values: Array) -> Array:
    """(1 - value) / (1 + value) without integer bits."""
    return _shift_left(_wrap(_reciprocal(values) - (1 << 13)), 2)
