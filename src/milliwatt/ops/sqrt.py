# SPDX-License-Identifier: Apache-2.0
"""SQRT: the square root."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.float_functions import saturate, sqrt
from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.unary import quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Quantised data: root and quotient in float32, truncated. Floats: correctly rounded, NaN below zero.

    LiteRT stops with an error when quantised data is negative; here it counts as zero.
    """
    data, output = call.input(0), call.signature.outputs[0]
    if output.dtype is DType.FLOAT32:
        return (as_output(sqrt(data), call.signature),)
    scale, zero_point = call.signature.quant(0)
    output_scale, output_zero = call.signature.output_quant()
    real = np.float32(scale) * np.maximum(data.astype(np.int32) - zero_point, 0).astype(np.float32)
    with np.errstate(over="ignore"):
        quotient = sqrt(real) / np.float32(output_scale)
    result = saturate(np.trunc(quotient), 0, 1 << 20) + output_zero
    return (as_output(np.clip(result, *output.dtype.limits), call.signature),)


OPERATOR = Operator(
    name="SQRT",
    summary="The square root.",
    types=same(DType.INT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
