# SPDX-License-Identifier: Apache-2.0
"""SELECT: x where the condition holds, else y; the condition may choose whole rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Shape
from milliwatt.ops.broadcast import MAX_RANK
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.select_v2 import TYPES

Array = npt.NDArray[Any]


def equal_shapes(signature: Signature) -> bool:
    """The second and third inputs have one shape of at most six dimensions."""
    shape = signature.input(1).shape
    return shape == signature.input(2).shape and len(shape) <= MAX_RANK


def condition_shape(signature: Signature) -> bool:
    """The condition is a scalar, has the others' shape, or one element per slice of their first dimension."""
    condition, shape = signature.input(0).shape, signature.input(1).shape
    return condition in ((), shape) or (len(shape) > 0 and condition == shape[:1])


def aligned_condition(signature: Signature) -> Shape:
    """The condition's shape with dimensions of 1 behind it, so that it broadcasts."""
    condition, shape = signature.input(0).shape, signature.input(1).shape
    return (*condition, *(1 for _ in range(len(shape) - len(condition))))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The second input's shape."""
    return (signature.input(1).shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Stored numbers are copied as they are."""
    condition = call.input(0).reshape(aligned_condition(call.signature))
    return (as_output(np.where(condition, call.input(1), call.input(2)), call.signature),)


OPERATOR = Operator(
    name="SELECT",
    summary="Each element or row from the second or the third input, as the first says.",
    types=TYPES,
    constraints=(equal_shapes, condition_shape),
    shapes=shapes,
    evaluate=evaluate,
)
