# SPDX-License-Identifier: Apache-2.0
"""RESHAPE: the same elements in the same order under another shape."""

from __future__ import annotations

import math

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Attribute, Call, Operator, Signature, as_output
from milliwatt.ops.strided_view import integers, rows


def wanted_shape(signature: Signature) -> Shape:
    """The new shape as it is asked for: the second input, or the attribute, where -1 stands for the rest.

    A second input that is not constant leaves only the output's declared shape.
    """
    if not signature.has_input(1):
        wanted = tuple(signature.attrs["new_shape"])
        # Old converters write the attribute [0] for a scalar.
        return () if wanted == (0,) else wanted
    return signature.outputs[0].shape if signature.constant(1) is None else integers(signature, 1)


def known(signature: Signature) -> bool:
    """The new shape is a constant, an attribute, or declared by the output."""
    return signature.constant(1) is not None or not signature.has_input(1) or bool(signature.outputs)


def one_open(signature: Signature) -> bool:
    """At most one extent of the new shape is left open (-1), and the others are at least 1."""
    wanted = wanted_shape(signature)
    return wanted.count(-1) <= 1 and all(extent == -1 or extent >= 1 for extent in wanted)


def same_size(signature: Signature) -> bool:
    """The new shape holds exactly the elements of the data."""
    wanted, size = wanted_shape(signature), signature.input(0).size
    fixed = math.prod(extent for extent in wanted if extent != -1)
    return size % fixed == 0 if -1 in wanted else size == fixed


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The new shape, with its open extent filled in."""
    wanted = wanted_shape(signature)
    fixed = math.prod(extent for extent in wanted if extent != -1)
    return (tuple(signature.input(0).size // fixed if extent == -1 else extent for extent in wanted),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Row-major order stays."""
    return (as_output(call.input(0), call.signature),)


OPERATOR = Operator(
    name="RESHAPE",
    summary="The same elements in the same order under another shape; no code, no copy.",
    attributes={"new_shape": Attribute("ints", ())},
    types=rows((DType.INT32, None)),
    constraints=(known, one_open, same_size),
    shapes=shapes,
    evaluate=evaluate,
    view=True,
    hint="convert the model with a fixed batch size, so that all shapes are known",
)
