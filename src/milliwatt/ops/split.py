# SPDX-License-Identifier: Apache-2.0
"""SPLIT: a tensor cut into equal parts along an axis."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import View, constant_input, integers, move, positive_axis

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32)


def axis_of(signature: Signature) -> int:
    """The axis, counted from the front."""
    return positive_axis(integers(signature, 0)[0], len(signature.input(1).shape))


def axis_in_range(signature: Signature) -> bool:
    """The axis is one number that names an axis of the data."""
    return len(integers(signature, 0)) == 1 and 0 <= axis_of(signature) < len(signature.input(1).shape)


def divides(signature: Signature) -> bool:
    """The number of parts divides the extent of the axis."""
    parts = signature.attrs["num_splits"]
    return bool(parts >= 1 and signature.input(1).shape[axis_of(signature)] % parts == 0)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """As many equal shapes as there are parts."""
    axis, shape, parts = axis_of(signature), signature.input(1).shape, int(signature.attrs["num_splits"])
    return ((*shape[:axis], shape[axis] // parts, *shape[axis + 1 :]),) * parts


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's split."""
    parts = np.split(call.input(1), call.signature.attrs["num_splits"], axis_of(call.signature))
    return tuple(as_output(part, call.signature, index) for index, part in enumerate(parts))


def moves(signature: Signature) -> tuple[Move, ...]:
    """Each part of the input to its output."""
    axis, whole = axis_of(signature), View.of(signature.input(1).shape)
    targets = [View.of(shape) for shape in shapes(signature)]
    extent = targets[0].extents[axis]
    return tuple(
        move(whole.sliced(axis, index * extent, extent), target, source_input=1, output=index)
        for index, target in enumerate(targets)
    )


OPERATOR = Operator(
    name="SPLIT",
    summary="A tensor cut into equal parts along an axis.",
    attributes={"num_splits": Attribute("int", 1)},
    types=tuple(TypeRow((DType.INT32, dtype), (dtype, ...)) for dtype in DTYPES),
    constraints=(constant_input(0, "axis"), axis_in_range, divides),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
