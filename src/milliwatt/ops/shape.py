# SPDX-License-Identifier: Apache-2.0
"""SHAPE: the extents of a tensor, known when the model is built."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Attribute, Call, Operator, Signature, TypeRow
from milliwatt.ops.strided_view import INDEX, MOVABLE


def not_a_scalar(signature: Signature) -> bool:
    """The data has at least one dimension."""
    return len(signature.input(0).shape) > 0


def output_type(signature: Signature) -> bool:
    """The attribute out_type names the output's element type."""
    return bool(signature.attrs["out_type"].lower() == signature.outputs[0].dtype.value)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """One element per axis."""
    return ((len(signature.input(0).shape),),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """The extents."""
    return (np.array(call.signature.input(0).shape, call.signature.outputs[0].dtype.numpy),)


OPERATOR = Operator(
    name="SHAPE",
    summary="The extents of a tensor, known when the model is built.",
    attributes={"out_type": Attribute("enum", "INT32", enum="TensorType")},
    types=tuple(TypeRow((MOVABLE,), (dtype,)) for dtype in INDEX),
    constraints=(not_a_scalar, output_type),
    shapes=shapes,
    evaluate=evaluate,
)
