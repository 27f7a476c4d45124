# SPDX-License-Identifier: Apache-2.0
"""CONCATENATION: tensors one behind the other along an axis."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import (
    ACTIVATION,
    Array,
    Attribute,
    Call,
    Move,
    Operator,
    Signature,
    TypeRow,
    as_output,
)
from milliwatt.ops.strided_view import MOVABLE, View, axis_attribute, move, positive_axis


def axis_of(signature: Signature) -> int:
    """The axis, counted from the front."""
    return positive_axis(signature.attrs["axis"], len(signature.input(0).shape))


def extents_of(signature: Signature) -> tuple[int, ...]:
    """Each input's extent along the axis."""
    axis = axis_of(signature)
    return tuple(signature.input(index).shape[axis] for index in range(len(signature.inputs)))


def same_other_extents(signature: Signature) -> bool:
    """All inputs have the same shape but for the axis."""
    axis, first = axis_of(signature), signature.input(0).shape
    others = (signature.input(index).shape for index in range(len(signature.inputs)))
    return all(shape[:axis] == first[:axis] and shape[axis + 1 :] == first[axis + 1 :] for shape in others)


def no_activation(signature: Signature) -> bool:
    """There is no fused activation."""
    return bool(signature.attrs["fused_activation_function"] == "NONE")


def same_quantisation(signature: Signature) -> bool:
    """Quantised inputs have the scale and the zero point of the output."""
    quantised = signature.outputs[0].dtype in (DType.INT8, DType.UINT8, DType.INT16)
    return not quantised or all(
        kind is not None and kind.quant == signature.outputs[0].quant for kind in signature.inputs
    )


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The extents along the axis add up."""
    axis, shape = axis_of(signature), signature.input(0).shape
    return ((*shape[:axis], sum(extents_of(signature)), *shape[axis + 1 :]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's concatenate."""
    arrays = [call.input(index) for index in range(len(call.inputs))]
    return (as_output(np.concatenate(arrays, axis_of(call.signature)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """Each input to its part of the output."""
    axis, whole = axis_of(signature), View.of(shapes(signature)[0])
    parts, start = [], 0
    for index, extent in enumerate(extents_of(signature)):
        source = View.of(signature.input(index).shape)
        parts.append(move(source, whole.sliced(axis, start, extent), source_input=index))
        start += extent
    return tuple(parts)


OPERATOR = Operator(
    name="CONCATENATION",
    summary="Tensors one behind the other along an axis.",
    attributes={"axis": Attribute("int", 0), "fused_activation_function": ACTIVATION},
    types=tuple(TypeRow((dtype, ...), (dtype,)) for dtype in MOVABLE),
    constraints=(axis_attribute(), same_other_extents, no_activation, same_quantisation),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
    hint="convert the model again so that all parts share one scale, as TFLite's converter does",
)
