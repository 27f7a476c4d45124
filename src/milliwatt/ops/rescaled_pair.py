# SPDX-License-Identifier: Apache-2.0
"""Two quantised inputs brought to a common scale: what ADD, SUB and SQUARED_DIFFERENCE share.

Source: TFLite kernels/add.cc, sub.cc and squared_difference.cc; XNNPACK src/microparams-init.c (qs8-vadd).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.activation_range import integer_range
from milliwatt.ops.broadcast import is_quantised
from milliwatt.ops.fixed_point import quantize_multiplier, requantize, rounding_shift_right
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class RescaledPair:
    """Constants of ``requantize(scaled(first) + sign * scaled(second))``.

    ``scaled(x) = requantize((x + offset) << left_shift, mantissa, exponent)``; the output's constants follow
    likewise, then comes the output's offset and the limits of its type and activation.
    """

    left_shift: int
    first: tuple[int, int, int]
    second: tuple[int, int, int]
    output: tuple[int, int, int]
    low: int
    high: int


@dataclass(frozen=True)
class LinearPair:
    """``clamp((first_factor * x + second_factor * y + bias) >> shift, low, high)``, all within int32."""

    first_factor: int
    second_factor: int
    bias: int
    shift: int
    low: int
    high: int

    def evaluate(self, first: Array, second: Array) -> Array:
        """The formula on integer arrays."""
        total = self.first_factor * first.astype(np.int64) + self.second_factor * second.astype(np.int64)
        result: Array = np.clip((total + self.bias) >> self.shift, self.low, self.high)
        return result


def _limits(signature: Signature) -> tuple[int, int]:
    return integer_range(signature.attrs.get("fused_activation_function", "NONE"), signature.outputs[0])


def _left_shift(signature: Signature) -> int:
    if signature.op == "SQUARED_DIFFERENCE":
        return 7
    return 15 if signature.input(0).dtype is DType.INT16 else 20


def rescaled_pair(signature: Signature) -> RescaledPair:
    """The constants, by the double-precision formulas of TFLite's Prepare functions."""
    (first_scale, first_zero), (second_scale, second_zero) = signature.quant(0), signature.quant(1)
    output_zero = signature.output_quant()[1]
    left_shift = _left_shift(signature)
    twice_larger = 2.0 * max(first_scale, second_scale)
    low, high = _limits(signature)
    return RescaledPair(
        left_shift=left_shift,
        first=(-first_zero, *quantize_multiplier(first_scale / twice_larger)),
        second=(-second_zero, *quantize_multiplier(second_scale / twice_larger)),
        output=(output_zero, *quantize_multiplier(_output_multiplier(signature))),
        low=low,
        high=high,
    )


def _output_multiplier(signature: Signature) -> float:
    twice_larger = 2.0 * max(signature.quant(0)[0], signature.quant(1)[0])
    output_scale = signature.output_quant()[0]
    if signature.op == "SQUARED_DIFFERENCE":
        return twice_larger * twice_larger / (2.0 ** (2 * _left_shift(signature)) * output_scale)
    return twice_larger / (2.0 ** _left_shift(signature) * output_scale)


def output_not_too_fine(signature: Signature) -> bool:
    """The scale of a quantised output is not so much finer than the inputs' that sums overflow 32 bits."""
    if not is_quantised(signature) or power_of_two_shifts(signature) is not None:
        return True
    # TFLite aborts on a multiplier of 1 or more; exponents below -31 flush to zero.
    return quantize_multiplier(_output_multiplier(signature))[1] <= 0


def scaled(values: Array, constants: tuple[int, int, int], left_shift: int, rounding: Rounding) -> Array:
    """One input on the common scale, as int64 within the range of int32."""
    offset, mantissa, exponent = constants
    return requantize((values.astype(np.int64) + offset) << left_shift, mantissa, exponent, rounding)


def sum_of_pair(signature: Signature, first: Array, second: Array, rounding: Rounding) -> Array:
    """ADD, or SUB by the operator's name, of quantised inputs; integers within the output's limits."""
    sign = -1 if signature.op == "SUB" else 1
    shifts = power_of_two_shifts(signature)
    if shifts is not None:
        low, high = _limits(signature)
        aligned = [
            rounding_shift_right(side.astype(np.int64), shift)
            for side, shift in ((first, shifts[0]), (second, shifts[1]))
        ]
        clamped: Array = np.clip(aligned[0] + sign * aligned[1], low, high)
        return clamped
    if rounding is Rounding.SINGLE and signature.input(0).dtype is DType.INT8:
        return linear_pair(signature).evaluate(first, second)
    pair = rescaled_pair(signature)
    total = scaled(first, pair.first, pair.left_shift, rounding)
    total = total + sign * scaled(second, pair.second, pair.left_shift, rounding)
    return finish(pair, total, rounding)


def finish(pair: RescaledPair, total: Array, rounding: Rounding) -> Array:
    """From the common scale to the output's."""
    zero_point, mantissa, exponent = pair.output
    result: Array = np.clip(requantize(total, mantissa, exponent, rounding) + zero_point, pair.low, pair.high)
    return result


def linear_pair(signature: Signature) -> LinearPair:
    """The single-rounding contract of int8 ADD and SUB: factors of at most 21 bits and one shift.

    As XNNPACK's qs8-vadd, but for the output's zero point, which is part of the bias: hence the shift of at
    most 22. Products and zero points stay below 2**30 + 2**29, so every partial sum fits 32 bits.
    """
    (first_scale, first_zero), (second_scale, second_zero) = signature.quant(0), signature.quant(1)
    output_scale, output_zero = signature.output_quant()
    ratios = (first_scale / output_scale, second_scale / output_scale)
    shift = min(max(21 - math.frexp(max(ratios))[1], 1), 22)
    first, second = (min(round(ratio * 2.0**shift), 1 << 21) for ratio in ratios)
    if signature.op == "SUB":
        second = -second
    bias = (output_zero << shift) + (1 << (shift - 1)) - first * first_zero - second * second_zero
    return LinearPair(first, second, bias, shift, *_limits(signature))


def power_of_two_shifts(signature: Signature) -> tuple[int, int] | None:
    """Right shifts of int16 inputs if ``pot_scale_int16`` is set and all scales are powers of two.

    A negative number is a left shift, which no kernel has.
    """
    if signature.input(0).dtype is not DType.INT16 or not signature.attrs.get("pot_scale_int16", False):
        return None
    logarithms = [
        _power_of_two(signature.quant(0)[0]),
        _power_of_two(signature.quant(1)[0]),
        _power_of_two(signature.output_quant()[0]),
    ]
    first, second, output = logarithms
    if first is None or second is None or output is None:
        return None
    return output - first, output - second


def one_right_shift(signature: Signature) -> bool:
    """Where int16 scales are powers of two, one input has the output's scale and the other at most that."""
    if not is_quantised(signature):
        return True
    shifts = power_of_two_shifts(signature)
    return shifts is None or (min(shifts) == 0 and max(shifts) <= 15)


def _power_of_two(scale: float) -> int | None:
    """The binary logarithm of what is within 0.1 % of a power of two (TFLite's CheckedLog2), else None."""
    logarithm = np.float32(np.log(np.float32(scale))) * (np.float32(1) / np.log(np.float32(2)))
    rounded = np.round(logarithm)
    return int(rounded) if abs(np.float32(logarithm) - np.float32(rounded)) < 1e-3 else None
