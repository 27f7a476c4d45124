# SPDX-License-Identifier: Apache-2.0
"""The reciprocal square root of an integer as a fixed-point multiplier, as TFLite computes it.

Source: TFLite `kernels/internal/quantization_util.h`, GetInvSqrtQuantizedMultiplierExp: five Newton steps in
Q3.28 from the starting value 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.fixed_point import INT32_MAX, INT32_MIN, doubling_high_multiply

Array = npt.NDArray[Any]

_ONE = 1 << 28
_THREE_HALVES = (1 << 28) + (1 << 27)
_HALF_SQRT_2 = 1518500250


def inverse_sqrt(values: Array) -> tuple[Array, Array]:
    """(mantissa, exponent) such that 1 / sqrt(value) is mantissa / 2**31 * 2**exponent.

    Args:
        values: integers of 0..2**31 - 1; 0 counts as 1.
    """
    values = values.astype(np.int64)
    normal, shift = _normalise(np.maximum(values, 2))
    half_input = _half(normal >> 1)
    root = np.full_like(normal, _ONE)
    for _ in range(5):
        square = doubling_high_multiply(root, root)
        cube = _scale_up(doubling_high_multiply(square, root), 6)
        root = _scale_up(
            doubling_high_multiply(np.full_like(root, _THREE_HALVES), root)
            - doubling_high_multiply(half_input, cube),
            3,
        )
    root = doubling_high_multiply(root, _HALF_SQRT_2)
    root = np.where(shift < 0, root << np.maximum(-shift, 0), root)
    one = values <= 1
    return np.where(one, INT32_MAX, root), np.where(one, 0, -np.maximum(shift, 0))


def _normalise(values: Array) -> tuple[Array, Array]:
    """Values multiplied by powers of four into [2**27, 2**29), and the right shift that makes up for it."""
    values, shift = values.copy(), np.full_like(values, 11)
    for _ in range(2):
        large = values >= 1 << 29
        values = np.where(large, values // 4, values)
        shift += large
    for _ in range(14):
        small = values < 1 << 27
        values = np.where(small, values * 4, values)
        shift -= small
    return values, shift


def _half(values: Array) -> Array:
    """Half of nonnegative integers, ties upwards."""
    result: Array = (values + 1) >> 1
    return result


def _scale_up(values: Array, bits: int) -> Array:
    result: Array = np.clip(values << bits, INT32_MIN, INT32_MAX)
    return result
