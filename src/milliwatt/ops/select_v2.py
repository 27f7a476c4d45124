# SPDX-License-Identifier: Apache-2.0
"""SELECT_V2: x where the condition holds, else y; all three broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output

Array = npt.NDArray[Any]

TYPES = tuple(TypeRow((DType.BOOL, kind, kind), (kind,)) for kind in DType)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Stored numbers are copied as they are."""
    return (as_output(np.where(call.input(0), call.input(1), call.input(2)), call.signature),)


OPERATOR = Operator(
    name="SELECT_V2",
    summary="Each element from the second or the third input, as the first says; all three broadcast.",
    types=TYPES,
    constraints=(broadcastable,),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
