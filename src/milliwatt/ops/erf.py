# SPDX-License-Identifier: Apache-2.0
"""ERF: the error function, from which exporters put GELU together.

Source: ONNX, operator Erf of version 13.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Call, Operator
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data. Floats: correctly rounded; the C kernel is within 3 ulp."""
    return activation_tables.evaluate(call, float_functions.erf)


OPERATOR = Operator(
    name="ERF",
    summary="The error function.",
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(quantised,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
    tflite=False,
)
