# SPDX-License-Identifier: Apache-2.0
"""LAYER_NORM: rows brought to mean 0 and variance 1, then scaled and shifted.

Source: Ba, Kiros and Hinton, "Layer normalization", 2016; ONNX, operator LayerNormalization of version 17.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import normalised_rows
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.rows import sequential_sum
from milliwatt.ops.unary import shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Sums in order in float32: the mean first, then the squares of the distances from it."""
    rows = call.input(0).reshape(-1, normalised_rows.depth(call.signature))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        centred = rows - sequential_sum(rows) / np.float32(rows.shape[1])
    return (as_output(normalised_rows.normalised(call, centred), call.signature),)


OPERATOR = Operator(
    name="LAYER_NORM",
    summary="The dimensions from an axis on brought to mean 0 and variance 1, then scaled and shifted.",
    attributes=normalised_rows.ATTRIBUTES,
    types=(TypeRow((DType.FLOAT32, (DType.FLOAT32, None), (DType.FLOAT32, None)), (DType.FLOAT32,)),),
    constraints=normalised_rows.CONSTRAINTS,
    shapes=shapes,
    evaluate=evaluate,
    tflite=False,
)
