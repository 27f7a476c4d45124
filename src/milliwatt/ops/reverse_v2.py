# SPDX-License-Identifier: Apache-2.0
"""REVERSE_V2: axes read backwards."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import View, constant_input, integers, move, positive_axis, rows


def axes_of(signature: Signature) -> tuple[int, ...]:
    """The axes, counted from the front."""
    return tuple(positive_axis(axis, len(signature.input(0).shape)) for axis in integers(signature, 1))


def axes_in_range(signature: Signature) -> bool:
    """The axes are axes of the data, each named once."""
    axes = axes_of(signature)
    return len(set(axes)) == len(axes) and all(0 <= axis < len(signature.input(0).shape) for axis in axes)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape."""
    return (signature.input(0).shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's flip."""
    return (as_output(np.flip(call.input(0), axes_of(call.signature)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """A view with negative strides."""
    source = View.of(signature.input(0).shape)
    for axis in axes_of(signature):
        extent = source.extents[axis]
        source = source.sliced(axis, extent - 1, extent, -1)
    return (move(source, View.of(source.extents)),)


OPERATOR = Operator(
    name="REVERSE_V2",
    summary="Axes read backwards.",
    types=rows(DType.INT32),
    constraints=(constant_input(1, "list of axes"), axes_in_range),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
