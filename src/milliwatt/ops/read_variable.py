# SPDX-License-Identifier: Apache-2.0
"""READ_VARIABLE: the value that a state variable holds now."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import MOVABLE


def one_variable(signature: Signature) -> bool:
    """There is one state variable, and it has the output's element type."""
    same = all(state.dtype is output.dtype for state in signature.states for output in signature.outputs)
    return len(signature.states) == 1 and same


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The variable's shape."""
    return (signature.states[0].shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """A copy of the variable."""
    return (as_output(call.states[0].copy(), call.signature),)


OPERATOR = Operator(
    name="READ_VARIABLE",
    summary="The value that a state variable holds now.",
    types=tuple(TypeRow((None,), (dtype,)) for dtype in MOVABLE),
    constraints=(one_variable,),
    shapes=shapes,
    evaluate=evaluate,
    state_inputs=(0,),
)
