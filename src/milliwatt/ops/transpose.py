# SPDX-License-Identifier: Apache-2.0
"""TRANSPOSE: axes in another order."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, positive_axis, rows


def permutation(signature: Signature) -> tuple[int, ...]:
    """Which input axis becomes each output axis."""
    rank = len(signature.input(0).shape)
    return tuple(positive_axis(axis, rank) for axis in integers(signature, 1))


def each_axis_once(signature: Signature) -> bool:
    """The permutation names every axis of the data once."""
    return sorted(permutation(signature)) == list(range(len(signature.input(0).shape)))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The permuted shape."""
    shape = signature.input(0).shape
    return (tuple(shape[axis] for axis in permutation(signature)),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's transpose."""
    return (as_output(np.transpose(call.input(0), permutation(call.signature)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """One strided read, one contiguous write."""
    source = View.of(signature.input(0).shape).transposed(permutation(signature))
    return (move(source, View.of(source.extents)),)


OPERATOR = Operator(
    name="TRANSPOSE",
    summary="Axes in another order.",
    types=rows(INDEX),
    constraints=(constant_input(1, "permutation"), each_axis_once),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
