# SPDX-License-Identifier: Apache-2.0
"""PUSH_COLUMNS: a state variable moves on along one axis by the columns that are new, and is the output."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Attribute, Call, Operator, Signature, as_output
from milliwatt.ops.strided_view import rows


def one_variable(signature: Signature) -> bool:
    """There is one state variable, and it has the element type of the new columns."""
    return len(signature.states) == 1 and signature.states[0].dtype is signature.input(0).dtype


def fits(signature: Signature) -> bool:
    """The new columns have the variable's shape but for the axis, along which they are not more."""
    new, kept, axis = signature.input(0).shape, signature.states[0].shape, signature.attrs["axis"]
    if not 0 <= axis < len(kept) == len(new):
        return False
    return new[axis] <= kept[axis] and (*new[:axis], *new[axis + 1 :]) == (*kept[:axis], *kept[axis + 1 :])


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The variable's shape."""
    return (signature.states[0].shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """The first columns leave, the new ones follow the last."""
    line, new, axis = call.states[0], call.input(0), call.signature.attrs["axis"]
    kept = np.take(line, range(new.shape[axis], line.shape[axis]), axis)
    line[...] = np.concatenate([kept, new], axis)
    return (as_output(line.copy(), call.signature),)


OPERATOR = Operator(
    name="PUSH_COLUMNS",
    summary="A state variable moves on along one axis by new columns, and is the output; made by streaming.",
    attributes={"axis": Attribute("int", 0, internal=True)},
    types=rows(),
    constraints=(one_variable, fits),
    shapes=shapes,
    evaluate=evaluate,
    in_state=True,
)
