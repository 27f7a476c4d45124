# SPDX-License-Identifier: Apache-2.0
"""RELU_0_TO_1: The data limited to 0..1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.rectify import Rectifier, clipped, rectify
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]


def rectifier(signature: Signature) -> Rectifier:
    """The constants of the quantised operator."""
    return clipped(signature, 0.0, 1.0)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Clip; quantised data is rescaled first. Floats are exact."""
    data = call.input(0)
    if data.dtype == np.float32:
        return (as_output(np.clip(data, np.float32(0), np.float32(1)), call.signature),)
    return (as_output(rectify(data, rectifier(call.signature), call.rounding), call.signature),)


OPERATOR = Operator(
    name="RELU_0_TO_1",
    summary="The data limited to 0..1.",
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(quantised,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
