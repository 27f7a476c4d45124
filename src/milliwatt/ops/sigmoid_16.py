# SPDX-License-Identifier: Apache-2.0
"""LOGISTIC and TANH on int16, as TFLite's reference kernels do them: one table, linear interpolation.

The table holds the logistic function of 0, 1/24, … 255/24 in 16 bits; tanh(x) = 2 * logistic(2x) - 1.
Source: TFLite `kernels/internal/reference/integer_ops/logistic.h` and `tanh.h`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]

LARGEST_SCALE = 65535 / 12288
"""Above this input scale the product of data and multiplier would leave 32 bits."""


def sigmoid_table() -> Array:
    """256 samples as uint16, in steps of 1 / 65536.

    Each is raised by half the error that linear interpolation has in the middle of its interval, which halves
    the largest error; this reproduces TFLite's printed table. The last sample is the saturated value.
    """
    samples = 1.0 / (1.0 + np.exp(-np.arange(256) / 24.0))
    curvature = samples * (1.0 - samples) * (2.0 * samples - 1.0)
    raised = 65536.0 * (samples + curvature / 24.0**2 / 16.0)
    raised[-1] = 65535.0
    return np.floor(raised + 0.5).astype(np.uint16)


def multiplier(scale: float, *, most_doublings: int) -> tuple[int, int]:
    """(multiplier, right shift) that bring int16 data of that scale to steps of 1 / 12288.

    Args:
        scale: the input's scale.
        most_doublings: the largest factor 2**n over 1/4096 for which the scale counts as a power of two.
    """
    exponent = math.log2(scale)
    nearest = round(exponent)
    if abs(exponent - nearest) < 1e-3 and 0 <= 12 + nearest <= most_doublings:
        return 3 << (12 + nearest), 0
    real, shift = scale * 4096.0 * 3.0, 0
    while real <= 32767.0 / 2.0 and shift <= 30:
        real, shift = real * 2.0, shift + 1
    return int(real), shift


def scaled(data: Array, factor: tuple[int, int]) -> Array:
    """int16 data times multiplier / 2**shift, rounded to nearest, ties upwards."""
    mantissa, shift = factor
    nudge = 1 << (shift - 1) if shift > 0 else 0
    result: Array = (data.astype(np.int64) * mantissa + nudge) >> shift
    return result


def logistic_16(data: Array, factor: tuple[int, int]) -> Array:
    """The logistic function of int16 data, in steps of 1 / 32768."""
    values = scaled(data, factor)
    magnitude = _interpolated(np.abs(values), 9, 0x7FFF << 10)
    total = np.where(values >= 0, magnitude + (1 << 9), (1 << 25) - magnitude + (1 << 9) - 1)
    result: Array = total >> 10
    return result


def tanh_16(data: Array, factor: tuple[int, int]) -> Array:
    """The hyperbolic tangent of int16 data, in steps of 1 / 32768."""
    values = scaled(data, factor)
    magnitude = _interpolated(np.abs(values), 8, 0xFFFF << 8)
    total = np.where(values >= 0, magnitude - (1 << 23) + (1 << 7), -magnitude + (1 << 23) + (1 << 7) - 1)
    result: Array = total >> 8
    return result


def moderate_scale(signature: Signature) -> bool:
    """The scale of int16 data is at most 5.33, so that it times 12288 stays below 65536."""
    kind = signature.input(0)
    return kind.dtype is not DType.INT16 or kind.quant is None or kind.quant.scalar[0] <= LARGEST_SCALE


def _interpolated(magnitudes: Array, bits: int, saturated: int) -> Array:
    """The table between its samples; the low ``bits`` bits interpolate."""
    table = sigmoid_table().astype(np.int64)
    index = np.minimum(magnitudes >> bits, 254)
    fraction = magnitudes & ((1 << bits) - 1)
    between = (table[index] << bits) + fraction * (table[index + 1] - table[index])
    return np.where(magnitudes >> bits >= 255, saturated, between)
