# SPDX-License-Identifier: Apache-2.0
"""UNPACK: one tensor per index of an axis, which is dropped."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import View, axis_attribute, move, positive_axis

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.BOOL, DType.FLOAT32)


def axis_of(signature: Signature) -> int:
    """The axis, counted from the front."""
    return positive_axis(signature.attrs["axis"], len(signature.input(0).shape))


def whole_axis(signature: Signature) -> bool:
    """There are as many outputs as indices of the axis."""
    return bool(signature.attrs["num"] == signature.input(0).shape[axis_of(signature)])


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape without the axis, as often as it is long."""
    axis, shape = axis_of(signature), signature.input(0).shape
    return ((*shape[:axis], *shape[axis + 1 :]),) * shape[axis]


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's take along the axis."""
    data, axis = call.input(0), axis_of(call.signature)
    return tuple(
        as_output(np.take(data, index, axis), call.signature, index) for index in range(data.shape[axis])
    )


def moves(signature: Signature) -> tuple[Move, ...]:
    """Each index of the axis to its output."""
    axis, whole = axis_of(signature), View.of(signature.input(0).shape)
    parts = (whole.at(axis, index) for index in range(whole.extents[axis]))
    return tuple(move(part, View.of(part.extents), output=index) for index, part in enumerate(parts))


OPERATOR = Operator(
    name="UNPACK",
    summary="One tensor per index of an axis, which is dropped.",
    attributes={"num": Attribute("int", 1), "axis": Attribute("int", 0)},
    types=tuple(TypeRow((dtype,), (dtype, ...)) for dtype in DTYPES),
    constraints=(axis_attribute(), whole_axis),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
