# SPDX-License-Identifier: Apache-2.0
"""LOG_SOFTMAX: x minus the logarithm of the sum of exp(x) along the last dimension.

8-bit data: LiteRT's reference kernels and TFLM compute in integers alone (`fixed_log_softmax`), LiteRT's default
engine in float32 (TFLite `kernels/internal/optimized/optimized_ops.h`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import float_functions
from milliwatt.ops.fixed_log import fixed_log
from milliwatt.ops.fixed_log_softmax import DEEPEST, fixed_log_softmax, scale_range
from milliwatt.ops.numerics import Numerics
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.rows import ranks, rows, sequential_sum
from milliwatt.ops.unary import has_quant, quantised, same, shapes

Array = npt.NDArray[Any]


def output_scale(signature: Signature) -> bool:
    """A quantised output has scale 1/16 and its highest integer as zero point."""
    output = signature.outputs[0]
    return output.dtype is DType.FLOAT32 or has_quant(output, 2.0**-4, output.dtype.limits[1])


def depth(signature: Signature) -> bool:
    """8-bit rows have at most 4095 elements."""
    kind = signature.input(0)
    return kind.dtype is DType.FLOAT32 or kind.shape[-1] <= DEEPEST


def is_float(numerics: Numerics) -> bool:
    """Whether the contract computes 8-bit data in float32."""
    return numerics is Numerics.FAST


def exponentials(signature: Signature) -> Array:
    """For 8-bit data: exp(-scale * d) for the distances d = 0..255 from the row's maximum, float32."""
    return float_functions.exp(-np.float32(signature.quant(0)[0]) * np.arange(256, dtype=np.float32))


def evaluate(call: Call) -> tuple[Array, ...]:
    """8-bit data in integers; for `Numerics.FAST` float32 terms from a table and a logarithm of their sum.

    Floats: correctly rounded functions, summed in order; LiteRT and the C kernel are within one ulp of the
    row's largest magnitude per element of the row.
    """
    data = rows(call.input(0))
    if data.dtype == np.float32:
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            centred = data - data.max(axis=1, keepdims=True)
            total = sequential_sum(float_functions.exp(centred))
            return (as_output(centred - float_functions.log(total), call.signature),)
    highest = call.signature.outputs[0].dtype.limits[1]
    if not is_float(call.numerics):
        return (as_output(fixed_log_softmax(data, call.signature) + highest, call.signature),)
    return (as_output(_int8(call, data), call.signature),)


def _int8(call: Call, data: Array) -> Array:
    output = call.signature.outputs[0]
    scale, step = np.float32(call.signature.quant(0)[0]), np.float32(call.signature.output_quant()[0])
    wide = data.astype(np.int32)
    largest = wide.max(axis=1, keepdims=True)
    logarithm = fixed_log(sequential_sum(exponentials(call.signature)[largest - wide]))
    with np.errstate(over="ignore", invalid="ignore"):
        offset = (scale * largest.astype(np.float32) + logarithm) / step
        steps = np.rint((scale / step) * wide.astype(np.float32) - offset)
    low, high = output.dtype.limits
    return float_functions.saturate(steps, low - high, 0) + high


OPERATOR = Operator(
    name="LOG_SOFTMAX",
    summary="x minus the logarithm of the sum of exp(x) along the last dimension.",
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(ranks, quantised, output_scale, depth, scale_range),
    shapes=shapes,
    evaluate=evaluate,
    hint="give the output the scale and zero point that the converter gives it",
)
