# SPDX-License-Identifier: Apache-2.0
"""TANH: the hyperbolic tangent."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.sigmoid_16 import moderate_scale, multiplier, tanh_16
from milliwatt.ops.unary import has_quant, quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]


def output_scale(signature: Signature) -> bool:
    """An int16 output has scale 1/32768."""
    output = signature.outputs[0]
    return output.dtype is not DType.INT16 or has_quant(output, 2.0**-15, 0)


def factor(signature: Signature) -> tuple[int, int]:
    """Multiplier and right shift of int16 data."""
    return multiplier(signature.quant(0)[0], most_doublings=1)


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data. Floats: correctly rounded; LiteRT is within 2 ulp, the C kernel within 1."""
    if call.signature.outputs[0].dtype is DType.INT16:
        return (as_output(tanh_16(call.input(0), factor(call.signature)), call.signature),)
    return activation_tables.evaluate(call, float_functions.tanh)


OPERATOR = Operator(
    name="TANH",
    summary="The hyperbolic tangent.",
    types=same(DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16, output_scale, moderate_scale),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
