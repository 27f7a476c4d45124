# SPDX-License-Identifier: Apache-2.0
"""PAD: a border of zeros (the output's zero point) around a tensor."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import INDEX, View, constant_input, integers, move, rows

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.BOOL, DType.FLOAT32)


def pairs(signature: Signature) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis."""
    flat = integers(signature, 1)
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def pair_per_axis(signature: Signature) -> bool:
    """There are two paddings, not negative, for each axis."""
    found = integers(signature, 1)
    return len(found) == 2 * len(signature.input(0).shape) and min(found, default=0) >= 0


def same_quantisation(signature: Signature) -> bool:
    """Quantised data have the scale and the zero point of the output."""
    quantised = signature.outputs[0].dtype in (DType.INT8, DType.UINT8, DType.INT16)
    return not quantised or signature.input(0).quant == signature.outputs[0].quant


def zero_point(signature: Signature) -> int:
    """The integer that means 0; also 0 for types that are not quantised."""
    quant = signature.outputs[0].quant
    return 0 if quant is None else quant.scalar[1]


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """Extents plus paddings."""
    return (tuple(n + sum(pair) for n, pair in zip(signature.input(0).shape, pairs(signature), strict=True)),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's pad with the zero point."""
    padded = np.pad(call.input(0), pairs(call.signature), constant_values=zero_point(call.signature))
    return (as_output(padded, call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """The data into the middle of the border."""
    source, target = View.of(signature.input(0).shape), View.of(shapes(signature)[0])
    for axis, (before, _) in enumerate(pairs(signature)):
        target = target.sliced(axis, before, source.extents[axis])
    return (move(source, target),)


OPERATOR = Operator(
    name="PAD",
    summary="A border of zeros (the output's zero point) around a tensor.",
    types=rows(INDEX, dtypes=DTYPES),
    constraints=(constant_input(1, "padding"), pair_per_axis, same_quantisation),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
    fill=zero_point,
)
