# SPDX-License-Identifier: Apache-2.0
"""LOGISTIC: 1 / (1 + exp(-x))."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.sigmoid_16 import logistic_16, moderate_scale, multiplier
from milliwatt.ops.unary import has_quant, quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]

UPPER, LOWER = np.float32(16.619047164916992188), np.float32(-9.0)
"""Above UPPER TFLite's float kernel gives 1, below LOWER it gives exp(x)."""


def output_scale(signature: Signature) -> bool:
    """A quantised output has scale 1/256, an int16 one 1/32768."""
    output = signature.outputs[0]
    if output.dtype is DType.FLOAT32 or output.quant is None:
        return output.dtype is DType.FLOAT32
    return has_quant(output, 2.0**-15 if output.dtype is DType.INT16 else 2.0**-8, output.quant.zero_point[0])


def factor(signature: Signature) -> tuple[int, int]:
    """Multiplier and right shift of int16 data."""
    return multiplier(signature.quant(0)[0], most_doublings=0)


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data.

    Floats: TFLite's formula with a correctly rounded exponential; LiteRT and the C kernel are within 2 ulp.
    """
    data = call.input(0)
    if data.dtype == np.float32:
        return (as_output(_float(data), call.signature),)
    if data.dtype == np.int16:
        return (as_output(logistic_16(data, factor(call.signature)), call.signature),)
    return activation_tables.evaluate(call, float_functions.logistic)


def _float(values: Array) -> Array:
    middle = float_functions.logistic(np.clip(values, LOWER, UPPER))
    return np.where(
        values > UPPER, np.float32(1), np.where(values < LOWER, float_functions.exp(values), middle)
    )


OPERATOR = Operator(
    name="LOGISTIC",
    summary="1 / (1 + exp(-x)).",
    types=same(DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16, output_scale, moderate_scale),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
