# SPDX-License-Identifier: Apache-2.0
"""SQUEEZE: drops axes of extent 1."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Attribute, Call, Operator, Signature, as_output
from milliwatt.ops.strided_view import positive_axis, rows


def dropped(signature: Signature) -> frozenset[int]:
    """The axes to drop: those named, or all of extent 1."""
    shape, named = signature.input(0).shape, signature.attrs["squeeze_dims"]
    if not named:
        return frozenset(axis for axis, extent in enumerate(shape) if extent == 1)
    return frozenset(positive_axis(axis, len(shape)) for axis in named)


def extent_one(signature: Signature) -> bool:
    """Every axis in squeeze_dims is an axis of the data and has the extent 1."""
    shape = signature.input(0).shape
    return all(0 <= axis < len(shape) and shape[axis] == 1 for axis in dropped(signature))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The shape without the dropped axes."""
    gone = dropped(signature)
    return (tuple(extent for axis, extent in enumerate(signature.input(0).shape) if axis not in gone),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Row-major order stays."""
    return (as_output(call.input(0), call.signature),)


OPERATOR = Operator(
    name="SQUEEZE",
    summary="Drops axes of extent 1; no code, no copy.",
    attributes={"squeeze_dims": Attribute("ints", ())},
    types=rows(),
    constraints=(extent_one,),
    shapes=shapes,
    evaluate=evaluate,
    view=True,
)
