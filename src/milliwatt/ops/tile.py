# SPDX-License-Identifier: Apache-2.0
"""TILE: a tensor repeated along its axes."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, rows


def one_per_axis(signature: Signature) -> bool:
    """There is one number of repetitions, at least 1, for every axis."""
    times = integers(signature, 1)
    return len(times) == len(signature.input(0).shape) and all(count >= 1 for count in times)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """Extents times repetitions."""
    pairs = zip(signature.input(0).shape, integers(signature, 1), strict=True)
    return (tuple(extent * times for extent, times in pairs),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's tile."""
    return (as_output(np.tile(call.input(0), integers(call.signature, 1)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """A view that stands still along the repetitions, for which the output's axes are cut in two."""
    source, target = View.of(signature.input(0).shape), View.of(shapes(signature)[0])
    for axis in reversed(range(len(source.extents))):
        times, extent = integers(signature, 1)[axis], source.extents[axis]
        if times > 1:
            source, target = source.repeated(axis, times), target.split(axis, extent)
    return (move(source, target),)


OPERATOR = Operator(
    name="TILE",
    summary="A tensor repeated along its axes.",
    types=rows(INDEX),
    constraints=(constant_input(1, "number of repetitions"), one_per_axis),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
