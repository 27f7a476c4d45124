# SPDX-License-Identifier: Apache-2.0
"""RMS_NORM: rows over the root of the mean of their squares, then scaled.

Source: Zhang and Sennrich, "Root mean square layer normalization", 2019; ONNX, operator RMSNormalization of version 23.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import normalised_rows
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.unary import shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Squares summed in order in float32."""
    rows = call.input(0).reshape(-1, normalised_rows.depth(call.signature))
    return (as_output(normalised_rows.normalised(call, rows), call.signature),)


OPERATOR = Operator(
    name="RMS_NORM",
    summary="The dimensions from an axis on over the root of the mean of their squares, then scaled.",
    attributes=normalised_rows.ATTRIBUTES,
    types=(TypeRow((DType.FLOAT32, (DType.FLOAT32, None)), (DType.FLOAT32,)),),
    constraints=normalised_rows.CONSTRAINTS,
    shapes=shapes,
    evaluate=evaluate,
    tflite=False,
)
