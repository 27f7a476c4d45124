# SPDX-License-Identifier: Apache-2.0
"""LOG: the natural logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Call, Operator, Signature
from milliwatt.ops.unary import quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]


def function(signature: Signature) -> activation_tables.Function:
    """The real function; on quantised data, zero and below give the output's smallest value."""
    output = signature.outputs[0]
    if output.dtype is DType.FLOAT32:
        return float_functions.log
    scale, zero_point = signature.output_quant()
    smallest = np.float32(output.dtype.limits[0] - zero_point) * np.float32(scale)

    def limited(values: Array) -> Array:
        positive = values > 0
        logarithms = float_functions.log(np.where(positive, values, np.float32(1)))
        return np.where(positive, logarithms, smallest)

    return limited


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data. Floats: correctly rounded; LiteRT and the C kernel are within 1 ulp."""
    return activation_tables.evaluate(call, function(call.signature))


OPERATOR = Operator(
    name="LOG",
    summary="The natural logarithm.",
    types=same(DType.INT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
