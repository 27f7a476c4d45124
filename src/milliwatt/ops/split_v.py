# SPDX-License-Identifier: Apache-2.0
"""SPLIT_V: a tensor cut into parts of given sizes along an axis."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, positive_axis

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


def axis_of(signature: Signature) -> int:
    """The axis, counted from the front."""
    return positive_axis(integers(signature, 2)[0], len(signature.input(0).shape))


def sizes_of(signature: Signature) -> tuple[int, ...]:
    """The extent of each part, with the open one filled in."""
    sizes, extent = integers(signature, 1), signature.input(0).shape[axis_of(signature)]
    rest = extent - sum(size for size in sizes if size != -1)
    return tuple(rest if size == -1 else size for size in sizes)


def axis_in_range(signature: Signature) -> bool:
    """The axis is one number that names an axis of the data."""
    return len(integers(signature, 2)) == 1 and 0 <= axis_of(signature) < len(signature.input(0).shape)


def sizes_add_up(signature: Signature) -> bool:
    """The sizes, of which one may be left open (-1), are at least 1 and add up to the extent of the axis."""
    sizes = sizes_of(signature)
    total = signature.input(0).shape[axis_of(signature)]
    one_open = integers(signature, 1).count(-1) <= 1
    return one_open and len(sizes) > 0 and min(sizes) >= 1 and sum(sizes) == total


def count(signature: Signature) -> bool:
    """There are as many sizes as parts."""
    return bool(len(integers(signature, 1)) == signature.attrs["num_splits"])


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape with each size in place of the axis's extent."""
    axis, shape = axis_of(signature), signature.input(0).shape
    return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in sizes_of(signature))


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's split at the running sums of the sizes."""
    cuts = np.cumsum(sizes_of(call.signature))[:-1]
    parts = np.split(call.input(0), cuts, axis_of(call.signature))
    return tuple(as_output(part, call.signature, index) for index, part in enumerate(parts))


def moves(signature: Signature) -> tuple[Move, ...]:
    """Each part of the input to its output."""
    axis, whole = axis_of(signature), View.of(signature.input(0).shape)
    parts, start = [], 0
    for index, size in enumerate(sizes_of(signature)):
        source = whole.sliced(axis, start, size)
        parts.append(move(source, View.of(source.extents), output=index))
        start += size
    return tuple(parts)


OPERATOR = Operator(
    name="SPLIT_V",
    summary="A tensor cut into parts of given sizes along an axis.",
    attributes={"num_splits": Attribute("int", 1)},
    types=tuple(TypeRow((dtype, INDEX, DType.INT32), (dtype, ...)) for dtype in DTYPES),
    constraints=(
        constant_input(1, "list of sizes"),
        constant_input(2, "axis"),
        axis_in_range,
        count,
        sizes_add_up,
    ),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
