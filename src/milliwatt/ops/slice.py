# SPDX-License-Identifier: Apache-2.0
"""SLICE: a contiguous box of a tensor."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, rows


def sizes_of(signature: Signature) -> Shape:
    """The extents of the box; -1 stands for all that is left behind the beginning."""
    shape, begins = signature.input(0).shape, integers(signature, 1)
    triples = zip(shape, begins, integers(signature, 2), strict=True)
    return tuple(extent - begin if size == -1 else size for extent, begin, size in triples)


def one_per_axis(signature: Signature) -> bool:
    """There is one beginning and one size for every axis."""
    rank = len(signature.input(0).shape)
    return len(integers(signature, 1)) == len(integers(signature, 2)) == rank


def inside(signature: Signature) -> bool:
    """The box holds at least one element and lies inside the data."""
    triples = zip(integers(signature, 1), sizes_of(signature), signature.input(0).shape, strict=True)
    return all(begin >= 0 and size >= 1 and begin + size <= extent for begin, size, extent in triples)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The sizes."""
    return (sizes_of(signature),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's slicing."""
    begins = integers(call.signature, 1)
    box = tuple(
        slice(begin, begin + size) for begin, size in zip(begins, sizes_of(call.signature), strict=True)
    )
    return (as_output(call.input(0)[box], call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """The box."""
    source = View.of(signature.input(0).shape)
    for axis, (begin, size) in enumerate(zip(integers(signature, 1), sizes_of(signature), strict=True)):
        source = source.sliced(axis, begin, size)
    return (move(source, View.of(source.extents)),)


OPERATOR = Operator(
    name="SLICE",
    summary="A contiguous box of a tensor.",
    types=rows(INDEX, INDEX),
    constraints=(constant_input(1, "beginning"), constant_input(2, "size"), one_per_axis, inside),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
