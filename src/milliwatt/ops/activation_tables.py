# SPDX-License-Identifier: Apache-2.0
"""Quantised element-wise functions by table, as TFLite's LUTPopulate and LUTLookup do them.

8-bit data: the real function of each of the 256 values, in float32. 16-bit data: 513 samples over the whole
range and linear interpolation between them in integers; each sample is shifted by half the error that
interpolation has in the middle of its interval. Source: TFLite `kernels/internal/common.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, TensorType
from milliwatt.ops.float_functions import round_half_away, saturate
from milliwatt.ops.operator import Call, as_output

Array = npt.NDArray[Any]
Function = Callable[[Array], Array]

STEPS = 512
"""Intervals of a 16-bit table."""


def evaluate(call: Call, function: Function) -> tuple[Array, ...]:
    """The meaning of an element-wise operator: ``function`` on float32, its tables on quantised data."""
    data, kind, output = call.input(0), call.signature.input(0), call.signature.outputs[0]
    if kind.dtype is DType.FLOAT32:
        return (as_output(function(data), call.signature),)
    if kind.dtype is DType.INT16:
        return (as_output(interpolate(data, table_16_of(kind, output, function)), call.signature),)
    return (as_output(function_8(data, kind, output, function), call.signature),)


def function_8(data: Array, kind: TensorType, output: TensorType, function: Function) -> Array:
    """Dequantise, apply ``function`` and quantise again, all in float32.

    A result beyond the int32 range saturates, as it does on Arm; LiteRT's table leaves that case to the
    hardware, and x86 makes it the smallest value.
    """
    scale, zero_point = _quant(kind)
    output_scale, output_zero = _quant(output)
    with np.errstate(over="ignore", invalid="ignore"):
        real = np.float32(scale) * (data.astype(np.int32) - zero_point).astype(np.float32)
        inverse = np.float32(1) / np.float32(output_scale)
        rounded = round_half_away(function(real).astype(np.float32) * inverse) + np.float32(output_zero)
    return saturate(np.trunc(rounded), *output.dtype.limits)


def table_16_of(kind: TensorType, output: TensorType, function: Function) -> Array:
    """The table of a node whose data and output are int16."""
    return table_16(_quant(kind), _quant(output), function, np.float32)


def table_16(
    quant: tuple[float, int],
    output_quant: tuple[float, int],
    function: Function,
    real: type[np.floating[Any]],
) -> Array:
    """513 int16 samples of ``function`` over the whole range of an int16 input.

    Args:
        quant, output_quant: scale and zero point of input and output.
        function: the real function, on arrays of type ``real``.
        real: the float type that TFLite computes the table in.
    """
    low, high = DType.INT16.limits
    input_min, input_max = _ends(quant, real)
    output_min, output_max = _ends(output_quant, real)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        step = (input_max - input_min) / real(STEPS)
        inverse = real(high - low + 1) / (output_max - output_min)
        starts = input_min + np.arange(STEPS + 1, dtype=real) * step
        values = function(starts).astype(real) * inverse
        middles = function(starts[:-1] + step / real(2)).astype(real) * inverse
        samples = round_half_away(values[:-1])
        interpolated = round_half_away((values[1:] + samples) / real(2))
        bias = round_half_away((interpolated - round_half_away(middles)) / real(2))
        last = round_half_away(function(np.array([input_max], real)).astype(real) * inverse)
        table = np.concatenate([samples - bias, last])
    return saturate(table, low, high).astype(np.int16)


def interpolate(data: Array, table: Array) -> Array:
    """Look int16 values up in a table of 513 samples: the high 9 bits choose, the low 7 interpolate."""
    wide, samples = data.astype(np.int32), table.astype(np.int32)
    index = 256 + (wide >> 7)
    # The slope is kept in 16 bits, as in TFLite.
    slope = (samples[index + 1] - samples[index]).astype(np.int16).astype(np.int32)
    result: Array = (samples[index] + ((slope * (wide & 0x7F) + 64) >> 7)).astype(np.int16)
    return result


def _quant(kind: TensorType) -> tuple[float, int]:
    if kind.quant is None:
        raise ValueError("a quantised type expected")
    return kind.quant.scalar


def _ends(quant: tuple[float, int], real: type[np.floating[Any]]) -> tuple[Any, Any]:
    low, high = DType.INT16.limits
    scale, zero_point = real(quant[0]), quant[1]
    return scale * real(low - zero_point), scale * real(high - zero_point)
