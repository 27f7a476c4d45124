# SPDX-License-Identifier: Apache-2.0
"""LOGICAL_AND: whether both of x and y holds, broadcast."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Element by element."""
    return (as_output(call.input(0) & call.input(1), call.signature),)


OPERATOR = Operator(
    name="LOGICAL_AND",
    summary="Whether both of two broadcast inputs holds.",
    types=(TypeRow((DType.BOOL, DType.BOOL), (DType.BOOL,)),),
    constraints=(broadcastable,),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
