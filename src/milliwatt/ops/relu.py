# SPDX-License-Identifier: Apache-2.0
"""RELU: The data, but zero below zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.rectify import Rectifier, clipped, rectify
from milliwatt.ops.unary import quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]


def rectifier(signature: Signature) -> Rectifier:
    """The constants of the quantised operator."""
    return clipped(signature, 0.0, None)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Clip; quantised data is rescaled first. Floats are exact."""
    data = call.input(0)
    if data.dtype == np.float32:
        return (as_output(np.maximum(data, np.float32(0)), call.signature),)
    return (as_output(rectify(data, rectifier(call.signature), call.rounding), call.signature),)


OPERATOR = Operator(
    name="RELU",
    summary="The data, but zero below zero.",
    types=same(DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
