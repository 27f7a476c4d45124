# SPDX-License-Identifier: Apache-2.0
"""ASSIGN_VARIABLE_SLICE: a box of a state variable is overwritten, and the variable is the output. Made by passes."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.dynamic_update_slice import fits, overwrite
from milliwatt.ops.operator import Array, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import INDEX, MOVABLE


def one_variable(signature: Signature) -> bool:
    """There is one state variable, and it has the element type of the update."""
    return len(signature.states) == 1 and signature.states[0].dtype is signature.input(0).dtype


def fitting(signature: Signature) -> bool:
    """Variable and update have the same number of dimensions, at most five, and the update is nowhere larger."""
    return fits(signature.states[0].shape, signature.input(0).shape)


def one_index_per_dimension(signature: Signature) -> bool:
    """There is one start index per dimension."""
    return signature.input(1).shape == (len(signature.input(0).shape),)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The variable's shape."""
    return (signature.states[0].shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """As DYNAMIC_UPDATE_SLICE, in place."""
    overwrite(call.states[0], call.input(0), call.input(1))
    return (as_output(call.states[0].copy(), call.signature),)


OPERATOR = Operator(
    name="ASSIGN_VARIABLE_SLICE",
    summary="A box of a state variable overwritten at a place known when the model runs; what it holds then.",
    types=tuple(TypeRow((dtype, INDEX), (dtype,)) for dtype in MOVABLE),
    constraints=(one_variable, fitting, one_index_per_dimension),
    shapes=shapes,
    evaluate=evaluate,
    in_state=True,
    tflite=False,
)
