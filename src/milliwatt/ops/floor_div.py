# SPDX-License-Identifier: Apache-2.0
"""FLOOR_DIV: x / y rounded towards minus infinity, broadcast.

The lowest integer over -1 does not fit its type: it wraps here; in LiteRT it is undefined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable, has_divisors
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.plain_arithmetic import floor_quotient

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The stored integers as they are, without scales, as in TFLite."""
    first, second = call.input(0), call.input(1)
    if call.signature.input(0).dtype is not DType.FLOAT32:
        return (as_output(floor_quotient(first, second), call.signature),)
    # In double precision and once rounded to float32, as TFLite does it.
    with np.errstate(all="ignore"):
        return (as_output(np.floor(first.astype(np.float64) / second.astype(np.float64)), call.signature),)


OPERATOR = Operator(
    name="FLOOR_DIV",
    summary="The quotient of two broadcast inputs, rounded down; 0 where an integer divisor is 0.",
    types=tuple(
        TypeRow((kind, kind), (kind,)) for kind in (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
    ),
    constraints=(broadcastable, has_divisors),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
