# SPDX-License-Identifier: Apache-2.0
"""Quantised functions that are linear on either side of zero: RELU and its kin, LEAKY_RELU, ABS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.fixed_point import quantize_multiplier, requantize, round_half_away, wrap_int32
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Rectifier:
    """Constants of such a function on integers.

    Attributes:
        input_zero, output_zero: zero points.
        absolute: whether the data's sign is dropped first.
        positive, negative: (mantissa, exponent) for data at or above zero, and below it.
        negate: whether the scaled negative side changes its sign (a slope below zero).
        low, high: smallest and largest integer to store.
    """

    input_zero: int
    output_zero: int
    positive: tuple[int, int]
    negative: tuple[int, int]
    low: int
    high: int
    absolute: bool = False
    negate: bool = False


def ratio(signature: Signature) -> float:
    """Input scale over output scale, divided in float32 as TFLite's Prepare functions do."""
    return float(np.float32(signature.quant(0)[0]) / np.float32(signature.output_quant()[0]))


def clipped(signature: Signature, real_low: float, real_high: float | None) -> Rectifier:
    """The identity between two real bounds (``real_high`` None: no upper bound)."""
    output_scale, output_zero = signature.output_quant()
    low, high = signature.outputs[0].dtype.limits
    multiplier = quantize_multiplier(ratio(signature))
    low = max(low, output_zero + _steps(real_low, output_scale))
    if real_high is not None:
        high = min(high, output_zero + _steps(real_high, output_scale))
    return Rectifier(signature.quant(0)[1], output_zero, multiplier, multiplier, low, high)


def rectify(data: Array, constants: Rectifier, rounding: Rounding) -> Array:
    """Apply the function to integers; the result is int64 within low..high."""
    values = data.astype(np.int64) - constants.input_zero
    if constants.absolute:
        values = np.abs(values)
    above = requantize(wrap_int32(values), *constants.positive, rounding)
    below = requantize(wrap_int32(values), *constants.negative, rounding)
    scaled = np.where(values >= 0, above, -below if constants.negate else below) + constants.output_zero
    # In this order: where low > high, high wins, as in TFLite.
    result: Array = np.minimum(np.maximum(scaled, constants.low), constants.high)
    return result


def _steps(real: float, scale: float) -> int:
    return round_half_away(float(np.float32(real) / np.float32(scale)))
