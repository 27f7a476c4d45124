# SPDX-License-Identifier: Apache-2.0
"""FILL: one value everywhere."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, TypeRow
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move

DTYPES = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.BOOL, DType.FLOAT32)


def positive_extents(signature: Signature) -> bool:
    """All extents are at least 1."""
    return all(extent >= 1 for extent in integers(signature, 0))


def one_value(signature: Signature) -> bool:
    """The value is a single element."""
    return signature.input(1).size == 1


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The first input."""
    return (integers(signature, 0),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's full."""
    value = call.input(1)
    return (np.full(integers(call.signature, 0), value.reshape(-1)[0], value.dtype),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """A view that stands still."""
    target = View.of(shapes(signature)[0])
    return (move(View(target.extents, (0,) * len(target.extents)), target, source_input=1),)


OPERATOR = Operator(
    name="FILL",
    summary="One value everywhere.",
    types=tuple(TypeRow((INDEX, dtype), (dtype,)) for dtype in DTYPES),
    constraints=(constant_input(0, "shape"), positive_extents, one_value),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
