# SPDX-License-Identifier: Apache-2.0
"""Integer reciprocals as TFLite's GetReciprocal makes them: three Newton-Raphson steps in fixed point.

Source: gemmlowp fixedpoint/fixedpoint.h, one_over_one_plus_x_for_x_in_0_1; TFLite kernels/internal/common.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.fixed_point import INT32_MAX, INT32_MIN, doubling_high_multiply

Array = npt.NDArray[Any]

# 48/17 and -32/17 with two integer bits: the best linear start on [1/2, 1].
_INTERCEPT, _SLOPE = 1515870810, -1010580540
_ONE = 1 << 29


def _saturating_shift_left(values: Array, bits: int) -> Array:
    shifted: Array = np.clip(values << bits, INT32_MIN, INT32_MAX)
    return shifted


def leading_zeros(values: Array) -> Array:
    """Leading zero bits of positive 32-bit integers."""
    return 32 - np.frexp(values.astype(np.float64))[1].astype(np.int64)


def reciprocal(values: Array) -> tuple[Array, Array]:
    """(fraction, bits) of positive integers below 2**31: 1 / value ≈ fraction / 2**31 / 2**bits.

    The fraction lies in (2**30, 2**31).
    """
    zeros = leading_zeros(values)
    above_one = (values.astype(np.int64) << zeros) - (1 << 31)
    half = (above_one + INT32_MAX + 1) // 2
    estimate = doubling_high_multiply(half, _SLOPE) + _INTERCEPT
    for _ in range(3):
        error = _ONE - doubling_high_multiply(half, estimate)
        estimate = estimate + _saturating_shift_left(doubling_high_multiply(estimate, error), 2)
    return _saturating_shift_left(estimate, 1), 31 - zeros
