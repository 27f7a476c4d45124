# SPDX-License-Identifier: Apache-2.0
"""PACK: tensors of one shape stacked along a new axis."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, TypeRow, as_output
from milliwatt.ops.strided_view import View, axis_attribute, move, positive_axis

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


def axis_of(signature: Signature) -> int:
    """The new axis, counted from the front of the output."""
    return positive_axis(signature.attrs["axis"], len(signature.input(0).shape) + 1)


def same_shapes(signature: Signature) -> bool:
    """All inputs have one shape, and there are as many as values_count says."""
    shapes_found = {signature.input(index).shape for index in range(len(signature.inputs))}
    return len(shapes_found) == 1 and signature.attrs["values_count"] == len(signature.inputs)


def same_quantisation(signature: Signature) -> bool:
    """Quantised inputs have the scale and the zero point of the output."""
    quantised = signature.outputs[0].dtype in (DType.INT8, DType.UINT8, DType.INT16)
    return not quantised or all(
        kind is not None and kind.quant == signature.outputs[0].quant for kind in signature.inputs
    )


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The inputs' shape with their number at the axis."""
    axis, shape = axis_of(signature), signature.input(0).shape
    return ((*shape[:axis], len(signature.inputs), *shape[axis:]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's stack."""
    arrays = [call.input(index) for index in range(len(call.inputs))]
    return (as_output(np.stack(arrays, axis_of(call.signature)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """Each input to its index of the new axis."""
    whole = View.of(shapes(signature)[0])
    source = View.of(signature.input(0).shape)
    axis = axis_of(signature)
    return tuple(
        move(source, whole.at(axis, index), source_input=index) for index in range(len(signature.inputs))
    )


OPERATOR = Operator(
    name="PACK",
    summary="Tensors of one shape stacked along a new axis.",
    attributes={"values_count": Attribute("int", 1), "axis": Attribute("int", 0)},
    types=tuple(TypeRow((dtype, ...), (dtype,)) for dtype in DTYPES),
    constraints=(axis_attribute(extra=1), same_shapes, same_quantisation),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
    hint="convert the model again so that all stacked tensors share one scale, as TFLite's converter does",
)
