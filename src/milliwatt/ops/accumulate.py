# SPDX-License-Identifier: Apache-2.0
"""What convolutions and fully connected layers share: accumulators, their scales and their rescaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, TensorType
from milliwatt.ops.activation_range import clamp, integer_range
from milliwatt.ops.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    quantize_multiplier,
    requantize,
    requantize_real,
    wrap_int32,
)
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
        scale: float64, what mantissa and exponent stand for; given where the rounding is REAL.
    """

    mantissa: Array
    exponent: Array
    input_offset: int
    output_offset: int
    low: int
    high: int
    rounding: Rounding
    scale: Array | None = None

    def applied(self, values: Array) -> Array:
        """Accumulators [..., channels], below 2**31, times the multipliers; int64, without the output's offset."""
        if self.scale is not None:
            return requantize_real(values, self.scale)
        return requantize(values, self.mantissa.astype(np.int64), self.exponent, self.rounding)


def rescale(signature: Signature, channels: int, rounding: Rounding) -> Rescale:
    """Constants of a quantised CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV or FULLY_CONNECTED.

    Inputs are data (0), filter (1) and bias (2); the filter may be quantised per channel. The products of
    the data's and the filter's scale are taken in double precision, but in single precision for convolutions
    of uint8 (measured, ai-edge-litert 2.3; TFLite's GetQuantizedConvolutionMultipler).
    """
    input_scale, input_zero = signature.quant(0)
    output_scale, output_zero = signature.output_quant()
    filter_quant = signature.input(1).quant
    if filter_quant is None:
        raise ValueError("the filter is not quantised")
    scales = filter_quant.scale if len(filter_quant.scale) > 1 else filter_quant.scale * channels
    single = signature.input(0).dtype is DType.UINT8 and signature.op != "FULLY_CONNECTED"
    products = [
        float(np.float32(input_scale) * np.float32(scale)) if single else input_scale * scale
        for scale in scales
    ]
    reals = [product / output_scale for product in products]
    pairs = [quantize_multiplier(real) for real in reals]
    low, high = integer_range(signature.attrs["fused_activation_function"], signature.outputs[0])
    return Rescale(
        mantissa=np.array([mantissa for mantissa, _ in pairs], np.int32),
        exponent=np.array([exponent for _, exponent in pairs], np.int32),
        input_offset=-input_zero,
        output_offset=output_zero,
        low=low,
        high=high,
        rounding=rounding,
        scale=np.array(reals) if rounding is Rounding.REAL else None,
    )


def centred(call: Call, index: int) -> Array:
    """An input minus its zero point: integers as float64, where sums below 2**53 are exact."""
    array = call.input(index)
    if array.dtype == np.float32:
        return array
    return array.astype(np.float64) - call.signature.quant(index)[1]


def filter_zero(signature: Signature) -> int:
    """The filter's zero point (input 1), which is not 0 only where it has a single scale."""
    quant = signature.input(1).quant
    return 0 if quant is None or len(quant.scale) > 1 else quant.zero_point[0]


def centred_filter(call: Call) -> Array:
    """The filter minus its zero point: integers as float64, floats as they are."""
    array = call.input(1)
    return array if array.dtype == np.float32 else array.astype(np.float64) - filter_zero(call.signature)


def fits_type(weights: TensorType) -> bool:
    """Whether the zero points suit the type: all 0 for int8, any one for the only scale of uint8."""
    quant = weights.quant
    if quant is None:
        return False
    return len(quant.scale) == 1 if weights.dtype is DType.UINT8 else not any(quant.zero_point)


def finish(call: Call, accumulators: Array) -> Array:
    """Bias, rescaling, activation: from accumulators [..., channels] to the output's element type.

    Integer accumulators are exact integers (any dtype); float ones are float32.
    """
    output = call.signature.outputs[0]
    given = call.inputs[2] if len(call.inputs) > 2 else None
    bias = None if given is None else given.reshape(-1)
    if output.dtype is DType.FLOAT32:
        total = accumulators if bias is None else accumulators + bias
        return clamp(total.astype(np.float32), call.signature.attrs["fused_activation_function"], output)
    total = accumulators.astype(np.int64)
    if bias is not None:
        total = total + bias.astype(np.int64)
    constants = rescale(call.signature, total.shape[-1], call.rounding)
    if not accumulates_wide(call.signature):
        scaled = constants.applied(wrap_int32(total))
    elif constants.scale is not None:
        scaled = requantize_real(np.clip(total, -(1 << 47), 1 << 47), constants.scale)
    else:
        scaled = requantize_wide(total, constants.mantissa, constants.exponent, call.rounding)
    shifted = scaled + constants.output_offset
    limited: Array = np.minimum(np.maximum(shifted, constants.low), constants.high)
    return limited.astype(output.dtype.numpy)


def requantize_narrow(values: Array, mantissa: Array, exponent: Array, rounding: Rounding) -> Array:
    """Rescale accumulators that TFLite keeps in int32: they wrap modulo 2**32."""
    return requantize(wrap_int32(values), mantissa, exponent, rounding)


def requantize_wide(values: Array, mantissa: Array, exponent: Array, rounding: Rounding) -> Array:
    """Rescale accumulators that TFLite keeps in int64: of 16-bit data, unless the bias is int32.

    With DOUBLE rounding the mantissa is reduced to 16 bits, then one product and one rounding follow
    (MultiplyByQuantizedMultiplier for int64 in TFLite's common.cc). With SINGLE rounding the whole mantissa
    is used. Values are limited to 48 bits, TFLite's own assumption. Results beyond int32 wrap with DOUBLE
    rounding, as TFLite's cast does, and saturate with SINGLE.
    """
    values = np.clip(values, -(1 << 47), (1 << 47) - 1)
    mantissa, exponent = np.broadcast_arrays(np.asarray(mantissa, np.int64), np.asarray(exponent, np.int64))
    if rounding is Rounding.DOUBLE:
        reduced = np.where(mantissa < 0x7FFF0000, (mantissa + (1 << 15)) >> 16, 0x7FFF)
        total_shift = 15 - exponent
        return wrap_int32((values * reduced + (np.int64(1) << (total_shift - 1))) >> total_shift)
    # floor((high * 2**16 + low) / 2**n) in two nested floors, since 48 + 31 bits exceed int64.
    total_shift = 31 - exponent
    high, low = values >> 16, values & 0xFFFF
    carry = (low * mantissa + (np.int64(1) << (total_shift - 1))) >> 16
    result: Array = (high * mantissa + carry) >> (total_shift - 16)
    return np.clip(result, INT32_MIN, INT32_MAX)


def accumulates_wide(signature: Signature) -> bool:
    """Whether accumulators have 64 bits: data of 16 bits whose bias (input 2) is not int32."""
    bias = signature.input(2).dtype if signature.has_input(2) else DType.INT64
    return signature.outputs[0].dtype is DType.INT16 and bias is DType.INT64


def symmetric(signature: Signature) -> bool:
    """16-bit data and outputs have the zero point 0."""
    kinds = [kind for kind in (*signature.inputs, *signature.outputs) if kind is not None]
    quants = [kind.quant for kind in kinds if kind.dtype is DType.INT16]
    return not any(any(quant.zero_point) for quant in quants if quant is not None)


def wide_scale(signature: Signature) -> bool:
    """Where accumulators have 64 bits, the data's scale times the filter's is less than 2**14 times the
    output's.
    """
    data, weights, output = signature.input(0).quant, signature.input(1).quant, signature.outputs[0].quant
    if output is None or data is None or weights is None or signature.outputs[0].dtype is not DType.INT16:
        return True
    return max(weights.scale) * data.scale[0] < output.scale[0] * (1 << 14)
