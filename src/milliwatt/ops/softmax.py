# SPDX-License-Identifier: Apache-2.0
"""SOFTMAX: exp(beta * x) over its sum along the last dimension.

8-bit data: LiteRT's reference kernels, TFLM and CMSIS-NN compute in integers alone (`fixed_softmax`), LiteRT's
default engine in float32. Sources: TFLite `kernels/internal/optimized/optimized_ops.h` (float32) and
`reference/softmax.h` (int16).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import float_functions
from milliwatt.ops.activation_tables import interpolate, table_16
from milliwatt.ops.fixed_point import quantize_multiplier, requantize
from milliwatt.ops.fixed_softmax import fixed_exponentials, fixed_softmax
from milliwatt.ops.numerics import Numerics
from milliwatt.ops.operator import Attribute, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.rows import ranks, rows, sequential_sum
from milliwatt.ops.unary import has_quant, quantised, shapes

Array = npt.NDArray[Any]

_RANGE_16 = 65535.0
_LOWEST_EXPONENT = 10.0
"""The int16 tables end at exp(-10)."""


def zero_point_16(signature: Signature) -> bool:
    """int16 data have zero point 0."""
    data = signature.input(0)
    return data.dtype is not DType.INT16 or signature.quant(0)[1] == 0


def output_scale(signature: Signature) -> bool:
    """A quantised output has scale 1/256 (int16: 1/65536) and the lowest zero point; of int16 data 1/32768 and 0."""
    output = signature.outputs[0]
    if output.dtype is DType.FLOAT32:
        return True
    if signature.input(0).dtype is DType.INT16:
        return has_quant(output, 2.0**-15, 0)
    return has_quant(output, 2.0 ** (-8 * output.dtype.bytes), output.dtype.limits[0])


def finite_beta(signature: Signature) -> bool:
    """beta is finite and not negative."""
    beta = signature.attrs["beta"]
    return math.isfinite(beta) and beta >= 0


def depth_16(signature: Signature) -> bool:
    """int16 rows have at most 65536 elements, so that their sum of exponentials stays below 2**31."""
    kind = signature.input(0)
    return kind.dtype is not DType.INT16 or kind.shape[-1] <= 1 << 16


def exponentials(signature: Signature) -> Array:
    """For 8-bit data: exp(-beta * scale * d) for the distances d = 0..255 from the row's maximum, float32."""
    step = -np.float32(signature.quant(0)[0]) * np.float32(signature.attrs["beta"])
    return float_functions.exp(step * np.arange(256, dtype=np.float32))


def tables_16() -> tuple[Array, Array]:
    """For int16 data: exp(x) on -10..0 and 1 / (1 + x) on 0..1, each of 513 samples in steps of 1 / 32768."""
    low, high = DType.INT16.limits
    output = (2.0 / _RANGE_16, 0)
    exponential = table_16((_LOWEST_EXPONENT / _RANGE_16, high), output, np.exp, np.float64)
    reciprocal = table_16((1.0 / _RANGE_16, low), output, lambda values: 1.0 / (1.0 + values), np.float64)
    return exponential, reciprocal


def multiplier_16(signature: Signature) -> tuple[int, int]:
    """For int16 data: mantissa and exponent that scale distances so that 65535 is 10."""
    scaled = np.float32(signature.quant(0)[0]) * np.float32(signature.attrs["beta"])
    return quantize_multiplier(float(scaled) / (_LOWEST_EXPONENT / _RANGE_16))


def evaluate(call: Call) -> tuple[Array, ...]:
    """8-bit data: terms from a table, of integers or for `Numerics.FAST` of float32, summed in order.

    int16: two tables with interpolation.

    Floats: correctly rounded exponentials, summed in order; LiteRT and the C kernel are within 4 ulp plus
    one ulp per element of a row.
    """
    data = rows(call.input(0))
    if data.dtype == np.float32:
        return (as_output(_float(data, np.float32(call.signature.attrs["beta"])), call.signature),)
    if data.dtype == np.int16:
        return (as_output(_int16(call, data), call.signature),)
    return (as_output(_int8(call, data) if is_float(call.numerics) else _fixed(call, data), call.signature),)


def is_float(numerics: Numerics) -> bool:
    """Whether the contract computes 8-bit data in float32."""
    return numerics is Numerics.FAST


def _fixed(call: Call, data: Array) -> Array:
    output = call.signature.outputs[0].dtype
    found = fixed_softmax(data, fixed_exponentials(call.signature), bits=8 * output.bytes)
    return found + output.limits[0]


def _float(data: Array, beta: np.float32) -> Array:
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        terms = float_functions.exp((data - data.max(axis=1, keepdims=True)) * beta)
        result: Array = terms * (np.float32(1) / sequential_sum(terms))
    return result


def _int8(call: Call, data: Array) -> Array:
    output = call.signature.outputs[0]
    scale, zero_point = call.signature.output_quant()
    wide = data.astype(np.int32)
    terms = exponentials(call.signature)[wide.max(axis=1, keepdims=True) - wide]
    factor = np.float32(1) / (sequential_sum(terms) * np.float32(scale))
    result: Array = np.rint(terms * factor).astype(np.int64) + zero_point
    return result.clip(*output.dtype.limits)


def _int16(call: Call, data: Array) -> Array:
    exponential, reciprocal = tables_16()
    wide = data.astype(np.int64)
    distances = wide - wide.max(axis=1, keepdims=True)
    scaled = requantize(distances, *multiplier_16(call.signature), call.rounding) + 32767
    terms = interpolate(np.clip(scaled, -32768, 32767), exponential).astype(np.int64)
    total = terms.sum(axis=1, keepdims=True)
    # The sum as 2**-headroom * (1 + x): x goes through the table of 1 / (1 + x).
    headroom = 31 - np.floor(np.log2(total)).astype(np.int64)
    fraction = (((total << (headroom - 1)) + (1 << 13)) >> 14) - (1 << 15) - (1 << 16)
    factor = interpolate(np.clip(fraction, -32768, 32767), reciprocal).astype(np.int64)
    shift = 31 - headroom
    result: Array = (terms * factor + (np.int64(1) << (shift - 1))) >> shift
    return result.clip(0, 32767)


OPERATOR = Operator(
    name="SOFTMAX",
    summary="exp(beta * x) over its sum along the last dimension.",
    attributes={"beta": Attribute("float", 1.0)},
    types=(
        TypeRow((DType.INT8,), ((DType.INT8, DType.INT16),)),
        TypeRow((DType.UINT8,), ((DType.UINT8, DType.INT16),)),
        TypeRow((DType.INT16,), (DType.INT16,)),
        TypeRow((DType.FLOAT32,), (DType.FLOAT32,)),
    ),
    constraints=(ranks, quantised, zero_point_16, output_scale, finite_beta, depth_16),
    shapes=shapes,
    evaluate=evaluate,
    hint="give the output the scale and zero point that the converter gives it",
)
