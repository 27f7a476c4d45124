# SPDX-License-Identifier: Apache-2.0
"""EXPAND_DIMS: inserts an axis of extent 1."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, constant_input, integers, positive_axis, rows


def one_axis(signature: Signature) -> bool:
    """The axis is one number, between minus and plus the rank of the output."""
    axes, rank = integers(signature, 1), len(signature.input(0).shape) + 1
    return len(axes) == 1 and -rank <= axes[0] < rank


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The shape with a 1 at the axis, which is counted in the output."""
    shape = signature.input(0).shape
    axis = positive_axis(integers(signature, 1)[0], len(shape) + 1)
    return ((*shape[:axis], 1, *shape[axis:]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Row-major order stays."""
    return (as_output(call.input(0), call.signature),)


OPERATOR = Operator(
    name="EXPAND_DIMS",
    summary="Inserts an axis of extent 1; no code, no copy.",
    types=rows(INDEX),
    constraints=(constant_input(1, "axis"), one_axis),
    shapes=shapes,
    evaluate=evaluate,
    view=True,
)
