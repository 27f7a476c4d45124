# SPDX-License-Identifier: Apache-2.0
"""ASSIGN_VARIABLE: a state variable takes a new value."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Operator, Signature, TypeRow
from milliwatt.ops.strided_view import MOVABLE


def one_variable(signature: Signature) -> bool:
    """There is one state variable, and it has the element type and the size of the value."""
    value = signature.input(1)
    return len(signature.states) == 1 and all(
        state.dtype is value.dtype and state.size == value.size for state in signature.states
    )


def shapes(_: Signature) -> tuple[Shape, ...]:
    """No output."""
    return ()


def evaluate(call: Call) -> tuple[Array, ...]:
    """The variable is overwritten."""
    call.states[0][...] = call.input(1).reshape(call.states[0].shape)
    return ()


OPERATOR = Operator(
    name="ASSIGN_VARIABLE",
    summary="A state variable takes a new value.",
    types=tuple(TypeRow((None, dtype), ()) for dtype in MOVABLE),
    constraints=(one_variable,),
    shapes=shapes,
    evaluate=evaluate,
    state_inputs=(0,),
)
