# SPDX-License-Identifier: Apache-2.0
"""What convolutions and fully connected layers share: accumulators, their scales and their rescaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.activation_range import clamp, integer_range
from milliwatt.ops.fixed_point import quantize_multiplier, requantize, wrap_int32
from milliwatt.ops.numerics import Rounding
from milliwatt.ops.operator import Call, Signature

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Rescale:
    """The constants that bring int32 accumulators to the output, one multiplier per output channel.

    Attributes:
        mantissa, exponent: int32 arrays of one entry per output channel.
        input_offset: added to each input element before it is multiplied (minus its zero point).
        output_offset: the output's zero point.
        low, high: smallest and largest integer to store.
        rounding: how the contract rounds.
    """

    mantissa: Array
    exponent: Array
    input_offset: int
    output_offset: int
    low: int
    high: int
    rounding: Rounding


def rescale(signature: Signature, channels: int, rounding: Rounding) -> Rescale:
    """Constants of a quantised CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV or FULLY_CONNECTED.

    Inputs are data (0), filter (1) and bias (2); the filter may be quantised per channel. The products of
    scales are taken in double precision, as in TFLite's GetQuantizedConvolutionMultipler.
    """
    input_scale, input_zero = signature.quant(0)
    output_scale, output_zero = signature.output_quant()
    filter_quant = signature.input(1).quant
    if filter_quant is None:
        raise ValueError("the filter is not quantised")
    scales = filter_quant.scale if len(filter_quant.scale) > 1 else filter_quant.scale * channels
    pairs = [quantize_multiplier(input_scale * scale / output_scale) for scale in scales]
    low, high = integer_range(signature.attrs["fused_activation_function"], signature.outputs[0])
    return Rescale(
        mantissa=np.array([mantissa for mantissa, _ in pairs], np.int32),
        exponent=np.array([exponent for _, exponent in pairs], np.int32),
        input_offset=-input_zero,
        output_offset=output_zero,
        low=low,
        high=high,
        rounding=rounding,
    )


def finish(call: Call, accumulators: Array) -> Array:
    """Bias, rescaling, activation: from accumulators [..., channels] to the output's element type.

    Integer accumulators are exact integers (any dtype); float ones are float32.
    """
    output = call.signature.outputs[0]
    bias = call.inputs[2] if len(call.inputs) > 2 else None
    if output.dtype is DType.FLOAT32:
        total = accumulators if bias is None else accumulators + bias
        return clamp(total.astype(np.float32), call.signature.attrs["fused_activation_function"], output)
    total = accumulators.astype(np.int64)
    if bias is not None:
        total = total + bias.astype(np.int64)
    constants = rescale(call.signature, total.shape[-1], call.rounding)
    if output.dtype is DType.INT16 and bias is not None and bias.dtype == np.int64:
        scaled = requantize_wide(total, constants.mantissa, constants.exponent)
    else:
        scaled = requantize(wrap_int32(total), constants.mantissa, constants.exponent, constants.rounding)
    shifted = scaled + constants.output_offset
    return np.minimum(np.maximum(shifted, constants.low), constants.high).astype(output.dtype.numpy)


def requantize_wide(values: Array, mantissa: Array, exponent: Array) -> Array:
    """TFLite's MultiplyByQuantizedMultiplier for 48-bit accumulators (16x8 convolutions).

    The mantissa is reduced to 16 bits, then one product and one rounding (quantization_util / common.h).
    """
    mantissa = mantissa.astype(np.int64)
    reduced = np.where(mantissa < 0x7FFF0000, (mantissa + (1 << 15)) >> 16, 0x7FFF)
    total_shift = 15 - exponent.astype(np.int64)
    product = values * reduced + (np.int64(1) << (total_shift - 1))
    result: Array = product >> total_shift
    return result
