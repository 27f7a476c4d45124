# SPDX-License-Identifier: Apache-2.0
"""GATHER: slices of a tensor along an axis, chosen by indices."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Attribute, Call, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, axis_attribute, integers, positive_axis, rows


def axis_of(signature: Signature) -> int:
    """The axis, counted from the front."""
    return positive_axis(signature.attrs["axis"], len(signature.input(0).shape))


def batch_dims_of(signature: Signature) -> int:
    """The number of leading axes that data and indices share, counted from the front."""
    return positive_axis(signature.attrs["batch_dims"], len(signature.input(1).shape))


def same_batches(signature: Signature) -> bool:
    """The batch dimensions stand before the axis and are the same in data and indices."""
    batch = batch_dims_of(signature)
    within = 0 <= batch <= min(axis_of(signature), len(signature.input(1).shape))
    return within and signature.input(0).shape[:batch] == signature.input(1).shape[:batch]


def constant_indices_inside(signature: Signature) -> bool:
    """Constant indices lie in the axis."""
    extent = signature.input(0).shape[axis_of(signature)]
    return signature.constant(1) is None or all(0 <= index < extent for index in integers(signature, 1))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape with the indices' shape, less the batch dimensions, in place of the axis."""
    data, axis = signature.input(0).shape, axis_of(signature)
    return ((*data[:axis], *signature.input(1).shape[batch_dims_of(signature) :], *data[axis + 1 :]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's take for each batch. Indices outside, at which TFLite fails, are limited to the axis."""
    data, axis, batch = call.input(0), axis_of(call.signature), batch_dims_of(call.signature)
    lead = data.shape[:batch]
    indices = np.clip(call.input(1), 0, data.shape[axis] - 1).reshape(-1, *call.input(1).shape[batch:])
    parts = data.reshape(-1, *data.shape[batch:])
    taken = [np.take(part, index, axis - batch) for part, index in zip(parts, indices, strict=True)]
    stacked = np.stack(taken)
    return (as_output(stacked.reshape(*lead, *stacked.shape[1:]), call.signature),)


OPERATOR = Operator(
    name="GATHER",
    summary="Slices of a tensor along an axis, chosen by indices.",
    attributes={"axis": Attribute("int", 0), "batch_dims": Attribute("int", 0)},
    types=rows(INDEX),
    constraints=(axis_attribute(), same_batches, constant_indices_inside),
    shapes=shapes,
    evaluate=evaluate,
)
