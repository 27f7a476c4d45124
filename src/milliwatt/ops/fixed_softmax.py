# SPDX-License-Identifier: Apache-2.0
"""SOFTMAX of 8-bit data in integers alone, as LiteRT's reference kernels, TFLM and CMSIS-NN compute it.

Only 256 distances from a row's maximum exist, so their exponentials are a table. LiteRT's reference kernel
aborts on rows whose exponentials sum to 512 or more; here their 8-bit results are 0, as they would round to.
Sources: TFLite `kernels/internal/reference/softmax.h` and `quantization_util.cc`; gemmlowp
`fixedpoint/fixedpoint.h`, exp_on_negative_values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    doubling_high_multiply,
    quantize_multiplier,
    requantize,
    rounding_shift_right,
)
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Signature
from milliwatt.ops.reciprocal import reciprocal

Array = npt.NDArray[Any]

SUM_SHIFT = 12
"""Exponentials have 31 fractional bits, their sum 19, so that it holds up to 4096."""

_FRACTION = 26
_LARGEST_DISTANCE = 31
"""Exponents have 26 fractional bits, and exp(-31) counts as 0."""

_FACTORS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
"""(power, exp(-2**power) with 31 fractional bits)."""

_THIRD, _EIGHTH = 715827883, 1895147668
"""1/3 and exp(-1/8) with 31 fractional bits."""


def fixed_exponentials(signature: Signature) -> Array:
    """exp(-beta * scale * d) for the distances d = 0..255 from the row's maximum, int32 with 31 fractional bits."""
    beta, (scale, _) = float(signature.attrs["beta"]), signature.quant(0)
    mantissa, exponent = quantize_multiplier(min(beta * scale * (1 << _FRACTION), INT32_MAX))
    distances = np.arange(256, dtype=np.int64)
    furthest = math.floor(_LARGEST_DISTANCE * 2.0 ** (_FRACTION - exponent))
    near = distances <= furthest
    scaled = requantize(np.where(near, -distances, 0), mantissa, exponent, Rounding.DOUBLE)
    return np.where(near, _exponential(scaled), 0).astype(np.int32)


def fixed_softmax(data: Array, exponentials: Array, *, bits: int) -> Array:
    """Probabilities as integers of 0 to 2**bits - 1.

    Args:
        data: [rows, depth], int8 or uint8.
        exponentials: of `fixed_exponentials`.
        bits: 8 or 16.
    """
    wide = data.astype(np.int32)
    terms = exponentials[wide.max(axis=1, keepdims=True) - wide].astype(np.int64)
    total = rounding_shift_right(terms, SUM_SHIFT).sum(axis=1, keepdims=True)
    fraction, magnitude = reciprocal(np.minimum(total, INT32_MAX))
    shift = magnitude + SUM_SHIFT - bits
    result = rounding_shift_right(doubling_high_multiply(terms, fraction), shift)
    return np.minimum(result, (1 << bits) - 1)


def _exponential(values: Array) -> Array:
    """exp of values <= 0 with 26 fractional bits: the last quarter by a polynomial, the rest bit by bit."""
    quarter = 1 << (_FRACTION - 2)
    last = (values & (quarter - 1)) - quarter
    result = _polynomial(np.clip(last << 5, INT32_MIN, INT32_MAX))
    remainder = last - values
    for power, factor in _FACTORS:
        bit = (remainder >> (_FRACTION + power)) & 1
        result = np.where(bit == 1, doubling_high_multiply(result, factor), result)
    return np.where(values == 0, INT32_MAX, result)


def _polynomial(values: Array) -> Array:
    """exp on [-1/4, 0) with 31 fractional bits: Taylor's polynomial around -1/8."""
    x = values + (1 << 28)
    x2 = doubling_high_multiply(x, x)
    x3 = doubling_high_multiply(x2, x)
    x4 = doubling_high_multiply(x2, x2)
    inner = doubling_high_multiply(rounding_shift_right(x4, 2) + x3, _THIRD) + x2
    result: Array = _EIGHTH + doubling_high_multiply(x + rounding_shift_right(inner, 1), _EIGHTH)
    return result
