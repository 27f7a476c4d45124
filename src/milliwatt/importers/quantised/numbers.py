# SPDX-License-Identifier: Apache-2.0
"""Real numbers and the integers that stand for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Quant

Array = npt.NDArray[Any]


def quantised(real: Array, dtype: DType, quant: Quant) -> Array:
    """The integers nearest to the numbers, ties away from zero, as QUANTIZE has them."""
    scale, zero_point = quant.scalar
    low, high = dtype.limits
    with np.errstate(all="ignore"):
        steps = (real.astype(np.float32) / np.float32(scale)).astype(np.float64)
        rounded = np.sign(steps) * np.floor(np.abs(steps) + 0.5)
        limited: Array = np.clip(np.nan_to_num(rounded, nan=low) + zero_point, low, high).astype(dtype.numpy)
    return limited


def dequantised(integers: Array, quant: Quant) -> Array:
    """The numbers that integers stand for, per tensor or per slice of an axis, as float32."""
    scale, points = np.asarray(quant.scale, np.float32), np.asarray(quant.zero_point, np.int64)
    if quant.axis is not None:
        shape = tuple(-1 if index == quant.axis else 1 for index in range(integers.ndim))
        scale, points = scale.reshape(shape), points.reshape(shape)
    else:
        scale, points = scale.reshape(()), points.reshape(())
    real: Array = (integers.astype(np.int64) - points).astype(np.float32) * scale
    return real
