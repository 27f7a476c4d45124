# SPDX-License-Identifier: Apache-2.0
"""BROADCAST_TO: extents of 1 repeated to a larger shape, by NumPy's rules."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, rows


def broadcastable(signature: Signature) -> bool:
    """Each extent of the data, counted from the back, is 1 or that of the new shape."""
    shape, wanted = signature.input(0).shape, integers(signature, 1)
    pairs = zip(reversed(shape), reversed(wanted), strict=False)
    return len(wanted) >= len(shape) and all(have in (1, want) and want >= 1 for have, want in pairs)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The new shape."""
    return (integers(signature, 1),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's broadcast_to."""
    return (as_output(np.broadcast_to(call.input(0), integers(call.signature, 1)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """A view that stands still along the repeated axes."""
    source, target = View.of(signature.input(0).shape), View.of(shapes(signature)[0])
    new = len(target.extents) - len(source.extents)
    steps = (0,) * new + tuple(
        0 if extent == 1 else step for extent, step in zip(source.extents, source.strides, strict=True)
    )
    return (move(View(target.extents, steps), target),)


OPERATOR = Operator(
    name="BROADCAST_TO",
    summary="Extents of 1 repeated to a larger shape, by NumPy's rules.",
    types=rows(INDEX),
    constraints=(constant_input(1, "new shape"), broadcastable),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
