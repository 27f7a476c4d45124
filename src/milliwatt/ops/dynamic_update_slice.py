# SPDX-License-Identifier: Apache-2.0
"""DYNAMIC_UPDATE_SLICE: a box of a tensor is overwritten, at a place that is known when the model runs."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import INDEX, MOVABLE

RANK = 5


def fitting(signature: Signature) -> bool:
    """Operand and update have the same number of dimensions, at most five, and the update is nowhere larger."""
    return fits(signature.input(0).shape, signature.input(1).shape)


def one_index_per_dimension(signature: Signature) -> bool:
    """There is one start index per dimension."""
    return signature.input(2).shape == (len(signature.input(1).shape),)


def fits(whole: Shape, part: Shape) -> bool:
    """Whether a box of one shape fits into the other."""
    same = len(whole) == len(part) <= RANK
    return same and all(small <= large for small, large in zip(part, whole, strict=True))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The operand's shape."""
    return (signature.input(0).shape,)


def overwrite(whole: Array, part: Array, starts: Array) -> None:
    """Puts the box in its place; start indices are limited so that it lies inside."""
    first = np.clip(starts, 0, np.array(whole.shape) - part.shape)
    ranges = zip(first, part.shape, strict=True)
    whole[tuple(slice(start, start + extent) for start, extent in ranges)] = part


def evaluate(call: Call) -> tuple[Array, ...]:
    """A copy of the operand with the update in its place."""
    result = call.input(0).copy()
    overwrite(result, call.input(1), call.input(2))
    return (as_output(result, call.signature),)


OPERATOR = Operator(
    name="DYNAMIC_UPDATE_SLICE",
    summary="A tensor with a box of it overwritten, at a place that is known when the model runs.",
    types=tuple(TypeRow((dtype, dtype, INDEX), (dtype,)) for dtype in MOVABLE),
    constraints=(fitting, one_index_per_dimension),
    shapes=shapes,
    evaluate=evaluate,
)
