# SPDX-License-Identifier: Apache-2.0
"""CONCATENATION: tensors one behind the other along an axis.

Source of the rescaling of uint8: ConcatenationWithScaling in TFLite's
`kernels/internal/reference/concatenation.h`.
"""

from __future__ import annotations

import numpy as np

from milliwatt.errors import InternalError
from milliwatt.ir import DType, Shape, TensorType
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
    """int8 and int16 inputs have the scale and the zero point of the output; each uint8 input has one scale."""
    output = signature.outputs[0]
    if output.dtype not in (DType.INT8, DType.UINT8, DType.INT16) or alike(signature):
        return True
    quants = [output.quant, *(signature.input(index).quant for index in range(len(signature.inputs)))]
    single = all(quant is not None and not quant.per_channel for quant in quants)
    return output.dtype is DType.UINT8 and single


def alike(signature: Signature) -> bool:
    """Whether no part must be rescaled."""
    quant = signature.outputs[0].quant
    return all(signature.input(index).quant == quant for index in range(len(signature.inputs)))


def rescaled(part: Array, source: TensorType, target: TensorType) -> Array:
    """uint8 elements on another scale, by TFLite's float32 arithmetic, ties away from zero."""
    if source.quant is None or target.quant is None or source.quant == target.quant:
        return part
    (scale, zero_point), (wanted, offset) = source.quant.scalar, target.quant.scalar
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = np.float32(scale) * (np.float32(1) / np.float32(wanted))
        values = (part.astype(np.float32) * ratio + np.float32(-zero_point) * ratio).astype(np.float64)
    # What does not fit 32 bits is undefined in TFLite.
    limited = np.clip(np.nan_to_num(values), -(2.0**30), 2.0**30)
    rounded = np.copysign(np.floor(np.abs(limited) + 0.5), limited) + offset
    stored: Array = np.clip(rounded, *target.dtype.limits).astype(target.dtype.numpy)
    return stored


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The extents along the axis add up."""
    axis, shape = axis_of(signature), signature.input(0).shape
    return ((*shape[:axis], sum(extents_of(signature)), *shape[axis + 1 :]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's concatenate, of parts brought to the output's scale."""
    kinds, target = call.signature.inputs, call.signature.outputs[0]
    parts = ((call.input(index), kind) for index, kind in enumerate(kinds) if kind is not None)
    arrays = [rescaled(part, kind, target) for part, kind in parts]
    return (as_output(np.concatenate(arrays, axis_of(call.signature)), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """Each input to its part of the output.

    Raises:
        InternalError: a part has another scale, which the pass rescale-parts has not changed.
    """
    if not alike(signature) and signature.outputs[0].dtype is DType.UINT8:
        raise InternalError("the parts of a CONCATENATION are moved before they have one scale")
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
