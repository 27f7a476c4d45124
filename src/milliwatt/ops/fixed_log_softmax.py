# SPDX-License-Identifier: Apache-2.0
"""LOG_SOFTMAX of 8-bit data in integers alone, as LiteRT's reference kernels and TFLM compute it.

Sources: TFLite `kernels/internal/reference/log_softmax.h`, `reference/integer_ops/log_softmax.h`,
`quantization_util.cc`, and `common.h`, log_x_for_x_greater_than_or_equal_to_1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
from milliwatt.ops.fixed_softmax import SUM_SHIFT, fixed_exponentials
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Signature
from milliwatt.ops.reciprocal import leading_zeros, reciprocal

Array = npt.NDArray[Any]

DEEPEST = 4095
"""Elements of a row whose exponentials are sure to sum below 4096, which is what the sum can hold."""

_FRACTION = 26
_LARGEST_DISTANCE = 31
_OUTPUT_SHIFT = 22
"""Inputs and logarithms have 26 fractional bits, results 4."""

# Constants with 31 fractional bits: log(2), 2**(-1/4), 2**(-1/2), and those of the rational approximation.
_LOG_2, _FOURTH_ROOT, _ROOT = 1488522236, 1805811301, 1518500250
_ALPHA_N, _ALPHA_D, _ALPHA_I, _ALPHA_F = 117049297, 127690142, 1057819769, 638450708
_ACCUMULATOR = 25
_QUARTER = 1 << (_ACCUMULATOR - 2)


@dataclass(frozen=True)
class Scaling:
    """Constants of a row.

    Attributes:
        mantissa, exponent: from distances to steps of 2**-26.
        inverse_mantissa, inverse_exponent: and back.
        furthest: the smallest distance, negative, that counts.
    """

    mantissa: int
    exponent: int
    inverse_mantissa: int
    inverse_exponent: int
    furthest: int


def scaling(signature: Signature) -> Scaling:
    """The constants of a node on 8-bit data."""
    mantissa, exponent = quantize_multiplier(min(signature.quant(0)[0] * (1 << _FRACTION), INT32_MAX))
    inverse = quantize_multiplier(2.0 ** (31 - exponent) / mantissa)
    return Scaling(
        mantissa, exponent, *inverse, -math.floor(_LARGEST_DISTANCE * 2.0 ** (_FRACTION - exponent))
    )


def scale_range(signature: Signature) -> bool:
    """The scale of 8-bit data lies between 2**-24 and 16."""
    kind = signature.input(0)
    return kind.dtype.bytes != 1 or kind.quant is None or 2.0**-24 <= kind.quant.scalar[0] <= 16.0


def log_softmax_exponentials(signature: Signature) -> Array:
    """exp(-scale * d) for the distances d = 0..255 from the row's maximum, int32 with 31 fractional bits."""
    return fixed_exponentials(replace(signature, attrs={"beta": 1.0}))


def fixed_log_softmax(data: Array, signature: Signature) -> Array:
    """Logarithms of probabilities as integers of -255 to 0, in steps of 1/16.

    Args:
        data: [rows, depth], int8 or uint8.
        signature: of the node.
    """
    constants = scaling(signature)
    wide = data.astype(np.int64)
    distances = wide - wide.max(axis=1, keepdims=True)
    terms = log_softmax_exponentials(signature)[-distances].astype(np.int64)
    logarithm = _logarithm(rounding_shift_right(terms, SUM_SHIFT).sum(axis=1, keepdims=True))
    lowest = requantize(
        logarithm + INT32_MIN, constants.inverse_mantissa, constants.inverse_exponent, Rounding.DOUBLE
    )
    counts = distances > np.maximum(constants.furthest - 1, lowest)
    near = np.where(counts, distances, 0)
    scaled = requantize(near, constants.mantissa, constants.exponent, Rounding.DOUBLE)
    steps = rounding_shift_right(scaled - logarithm, _OUTPUT_SHIFT)
    return np.where(counts, np.clip(steps, -255, 0), -255)


def _logarithm(values: Array) -> Array:
    """log of values >= 1 with 19 fractional bits, with 26 fractional bits."""
    zeros = leading_zeros(values)
    first = _shift_left(doubling_high_multiply(values << (zeros - 1), _ROOT), 1)
    first_power = ((12 - zeros) << _ACCUMULATOR) + _QUARTER
    headroom = leading_zeros(doubling_high_multiply(values, _ROOT)) - 1
    second = _shift_left(values, headroom)
    second_power = ((12 - headroom) << _ACCUMULATOR) - _QUARTER
    mantissa, power = np.minimum(first, second), np.maximum(first_power, second_power)
    half_sum = (mantissa + _FOURTH_ROOT + 1) >> 1
    q = 2 * (mantissa - _FOURTH_ROOT)
    square = doubling_high_multiply(q, q)
    numerator = doubling_high_multiply(q, mantissa) + doubling_high_multiply(
        doubling_high_multiply(q, square), _ALPHA_N
    )
    inner = _ALPHA_I + q + doubling_high_multiply(square, _ALPHA_D)
    denominator = doubling_high_multiply(half_sum, inner) + doubling_high_multiply(q, _ALPHA_F)
    inverse, _ = reciprocal(denominator + (1 << 31))
    quotient = doubling_high_multiply(rounding_shift_right(numerator, 6), inverse)
    return _shift_left(doubling_high_multiply(power, _LOG_2) + quotient, 1)


def _shift_left(values: Array, bits: Array | int) -> Array:
    """Multiplied by 2**bits and limited to int32."""
    result: Array = np.clip(values << bits, INT32_MIN, INT32_MAX)
    return result
