# SPDX-License-Identifier: Apache-2.0
"""EXP: e to the power of the data."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Call, Operator, Signature
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]


def function(_: Signature) -> activation_tables.Function:
    """The real function."""
    return float_functions.exp


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data. Floats: correctly rounded; LiteRT and the C kernel are within 1 ulp."""
    return activation_tables.evaluate(call, function(call.signature))


OPERATOR = Operator(
    name="EXP",
    summary="e to the power of the data.",
    types=same(DType.INT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
