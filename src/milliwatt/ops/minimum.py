# SPDX-License-Identifier: Apache-2.0
"""MINIMUM: the smaller of x and y, broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The stored numbers are compared, without rescaling, as in TFLite; x < y ? x : y, also for NaN."""
    first, second = call.input(0), call.input(1)
    return (as_output(np.where(first < second, first, second), call.signature),)


OPERATOR = Operator(
    name="MINIMUM",
    summary="The smaller of two broadcast inputs, whose scales and zero points should agree.",
    types=tuple(
        TypeRow((kind, kind), (kind,))
        for kind in (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    ),
    constraints=(broadcastable,),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
