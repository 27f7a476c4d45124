# SPDX-License-Identifier: Apache-2.0
"""STRIDED_SLICE: NumPy's basic indexing; masks stand for `:`, `...`, `newaxis` and a number.

Source: TensorFlow's `tf.strided_slice`; TFLite kernels/strided_slice.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, rows

Index = int | slice | EllipsisType | None


@dataclass(frozen=True)
class Entry:
    """One place of the specification: beginning, end and stride, and the masks' bits."""

    begin: int
    end: int
    stride: int
    open_begin: bool
    open_end: bool
    ellipsis: bool
    new_axis: bool
    shrink: bool


def entries(signature: Signature) -> tuple[Entry, ...]:
    """The specification place by place."""
    attrs = signature.attrs
    masks = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    triples = zip(integers(signature, 1), integers(signature, 2), integers(signature, 3), strict=True)
    return tuple(
        Entry(begin, end, stride, *(bool(attrs[mask] >> place & 1) for mask in masks))
        for place, (begin, end, stride) in enumerate(triples)
    )


def index_of(signature: Signature) -> tuple[Index, ...]:
    """The specification as Python would write it between square brackets."""
    return tuple(_index(entry, relative=signature.attrs["offset"]) for entry in entries(signature))


def _index(entry: Entry, *, relative: bool) -> Index:
    if entry.ellipsis:
        return Ellipsis
    if entry.new_axis:
        return None
    if entry.shrink:
        return 0 if entry.open_begin else entry.begin
    end = entry.begin + entry.end if relative else entry.end
    return slice(None if entry.open_begin else entry.begin, None if entry.open_end else end, entry.stride)


def same_lengths(signature: Signature) -> bool:
    """Beginnings, ends and strides are lists of the same length."""
    return len({len(integers(signature, index)) for index in (1, 2, 3)}) == 1


def strides_not_zero(signature: Signature) -> bool:
    """No stride is 0, and where an axis is dropped the stride is positive."""
    return all(entry.stride != 0 and (entry.stride > 0 or not entry.shrink) for entry in entries(signature))


def one_ellipsis(signature: Signature) -> bool:
    """There is at most one ellipsis."""
    return sum(entry.ellipsis for entry in entries(signature)) <= 1


def relative_ends(signature: Signature) -> bool:
    """Ends are counted from the beginnings (offset) only where beginnings are given and not negative."""
    given = all(entry.begin >= 0 and not entry.open_begin for entry in entries(signature))
    return not signature.attrs["offset"] or given


def fits_rank(signature: Signature) -> bool:
    """The places do not outnumber the axes of the data, and an ellipsis stands for at least one axis.

    TFLite lets an ellipsis that stands for no axis take one from its neighbour, unlike TensorFlow.
    """
    used = sum(not entry.new_axis or entry.ellipsis for entry in entries(signature))
    return used <= len(signature.input(0).shape)


def inside(signature: Signature) -> bool:
    """The slice holds at least one element, and dropped axes are indexed inside the data."""
    extents = signature.input(0).shape
    for axis, index in enumerate(_per_axis(signature)):
        if isinstance(index, int):
            if not -extents[axis] <= index < extents[axis]:
                return False
        elif not range(extents[axis])[index]:
            return False
    return True


def _expanded(signature: Signature) -> tuple[int | slice | None, ...]:
    """The index without an ellipsis and with a place for every axis."""
    index = index_of(signature)
    missing = len(signature.input(0).shape) - sum(
        place is not None and place is not Ellipsis for place in index
    )
    rest = (slice(None),) * missing
    expanded: list[int | slice | None] = []
    for place in index if Ellipsis in index else (*index, Ellipsis):
        if isinstance(place, EllipsisType):
            expanded.extend(rest)
        else:
            expanded.append(place)
    return tuple(expanded)


def _per_axis(signature: Signature) -> tuple[int | slice, ...]:
    return tuple(place for place in _expanded(signature) if place is not None)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """Extents of the slices, 1 for new axes, nothing for dropped ones."""
    shape: list[int] = []
    axis = 0
    for place in _expanded(signature):
        if place is None:
            shape.append(1)
            continue
        if isinstance(place, slice):
            shape.append(len(range(signature.input(0).shape[axis])[place]))
        axis += 1
    return (tuple(shape),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's basic indexing."""
    return (as_output(call.input(0)[index_of(call.signature)], call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """One strided read, one contiguous write."""
    source = View.of(signature.input(0).shape)
    for axis, index in enumerate(_per_axis(signature)):
        extent = source.extents[axis]
        if isinstance(index, int):
            source = source.sliced(axis, range(extent)[index], 1)
        else:
            chosen = range(extent)[index]
            source = source.sliced(axis, chosen.start, len(chosen), chosen.step)
    return (move(source, View.of(source.extents)),)


OPERATOR = Operator(
    name="STRIDED_SLICE",
    summary="Basic indexing with strides of either sign; masks for `:`, `...`, `newaxis` and a number.",
    attributes={
        "begin_mask": Attribute("int", 0),
        "end_mask": Attribute("int", 0),
        "ellipsis_mask": Attribute("int", 0),
        "new_axis_mask": Attribute("int", 0),
        "shrink_axis_mask": Attribute("int", 0),
        "offset": Attribute("bool", False),
    },
    types=rows(INDEX, INDEX, INDEX),
    constraints=(
        constant_input(1, "beginning"),
        constant_input(2, "end"),
        constant_input(3, "stride"),
        same_lengths,
        strides_not_zero,
        one_ellipsis,
        relative_ends,
        fits_rank,
        inside,
    ),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
