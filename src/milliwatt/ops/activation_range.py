# SPDX-License-Identifier: Apache-2.0
"""The interval that a fused activation leaves of an output, in integers or floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, TensorType
from milliwatt.ops.fixed_point import round_half_away

Array = npt.NDArray[Any]

_REAL: dict[str, tuple[float | None, float | None]] = {
    "NONE": (None, None),
    "RELU": (0.0, None),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU6": (0.0, 6.0),
}
FUSABLE = frozenset(_REAL)


def integer_range(activation: str, output: TensorType) -> tuple[int, int]:
    """Smallest and largest integer that may be stored (TFLite's CalculateActivationRangeQuantized)."""
    low, high = output.dtype.limits
    if output.quant is None:
        return low, high
    scale, zero_point = output.quant.scalar
    real_low, real_high = _REAL[activation]
    # TFLite divides in float32 and rounds ties away from zero.
    if real_low is not None:
        low = max(low, zero_point + round_half_away(float(np.float32(real_low) / np.float32(scale))))
    if real_high is not None:
        high = min(high, zero_point + round_half_away(float(np.float32(real_high) / np.float32(scale))))
    return low, high


def float_range(activation: str) -> tuple[float, float]:
    """The interval of a float output; the largest finite floats where there is no bound, as in TFLite."""
    low, high = _REAL[activation]
    largest = float(np.finfo(np.float32).max)
    return (-largest if low is None else low), (largest if high is None else high)


def clamp(values: Array, activation: str, output: TensorType) -> Array:
    """``values`` limited to what the activation and the element type allow, in the output's element type."""
    if output.dtype is DType.FLOAT32:
        low, high = float_range(activation)
        return np.clip(values, np.float32(low), np.float32(high)).astype(np.float32)
    lowest, highest = integer_range(activation, output)
    # min and max in this order: a damaged range (low > high) behaves as in TFLite.
    return np.minimum(np.maximum(values, lowest), highest).astype(output.dtype.numpy)
