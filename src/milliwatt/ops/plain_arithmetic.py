# SPDX-License-Identifier: Apache-2.0
"""Arithmetic without scales, on floats and on wrapping integers, with a fused activation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, TensorType
from milliwatt.ops.activation_range import float_range
from milliwatt.ops.operator import Call

Array = npt.NDArray[Any]

_INTEGER: dict[str, tuple[int | None, int | None]] = {
    "NONE": (None, None),
    "RELU": (0, None),
    "RELU_N1_TO_1": (-1, 1),
    "RELU6": (0, 6),
}


def plain_range(activation: str, output: TensorType) -> tuple[float, float]:
    """The interval of an output that is not quantised (TFLite's CalculateActivationRange)."""
    if output.dtype is DType.FLOAT32:
        return float_range(activation)
    low, high = _INTEGER[activation]
    lowest, highest = output.dtype.limits
    return (lowest if low is None else low), (highest if high is None else high)


def limited(call: Call, values: Array) -> tuple[Array]:
    """``values`` in the output's element type, limited by the fused activation.

    Overflowing floats become the largest finite ones even without an activation, as in TFLite.
    """
    output = call.signature.outputs[0]
    low, high = plain_range(call.signature.attrs["fused_activation_function"], output)
    kind = output.dtype.numpy.type
    return (np.clip(values, kind(low), kind(high)).astype(output.dtype.numpy),)


def truncated_quotient(dividend: Array, divisor: Array) -> Array:
    """C's division of integers of one type: towards zero, wrapping where it overflows; x / 0 is 0."""
    wide_dividend, safe = dividend.astype(np.int64), np.where(divisor == 0, 1, divisor).astype(np.int64)
    magnitude = np.abs(wide_dividend) // np.abs(safe)
    quotient = np.where((wide_dividend < 0) != (safe < 0), -magnitude, magnitude)
    return np.where(divisor == 0, 0, quotient).astype(dividend.dtype)


def floor_quotient(dividend: Array, divisor: Array) -> Array:
    """Division of integers towards minus infinity, wrapping where it overflows; x / 0 is 0."""
    quotient = dividend.astype(np.int64) // np.where(divisor == 0, 1, divisor).astype(np.int64)
    return np.where(divisor == 0, 0, quotient).astype(dividend.dtype)


def floor_remainder(dividend: Array, divisor: Array) -> Array:
    """What `floor_quotient` leaves, with the divisor's sign; the remainder of x / 0 is 0."""
    remainder = dividend.astype(np.int64) % np.where(divisor == 0, 1, divisor).astype(np.int64)
    return np.where(divisor == 0, 0, remainder).astype(dividend.dtype)
