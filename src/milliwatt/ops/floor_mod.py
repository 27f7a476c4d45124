# SPDX-License-Identifier: Apache-2.0
"""FLOOR_MOD: x - y · floor(x / y), with the sign of y, broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable, has_divisors
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.plain_arithmetic import floor_remainder

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The stored integers as they are, without scales, as in TFLite."""
    first, second = call.input(0), call.input(1)
    if call.signature.input(0).dtype is not DType.FLOAT32:
        return (as_output(floor_remainder(first, second), call.signature),)
    with np.errstate(all="ignore"):
        remainder = np.fmod(first, second)
        opposite = (remainder != 0) & ((second < 0) != (remainder < 0))
        return (as_output(np.where(opposite, remainder + second, remainder), call.signature),)


OPERATOR = Operator(
    name="FLOOR_MOD",
    summary="The remainder of two broadcast inputs with the divisor's sign; 0 where an integer divisor is 0.",
    types=tuple(
        TypeRow((kind, kind), (kind,))
        for kind in (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    ),
    constraints=(broadcastable, has_divisors),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
