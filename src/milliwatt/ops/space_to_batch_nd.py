# SPDX-License-Identifier: Apache-2.0
"""SPACE_TO_BATCH_ND: padded, then blocks of pixels become batches."""

from __future__ import annotations

from itertools import product

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.pad import zero_point
from milliwatt.ops.strided_view import View, constant_input, integers, move, rows

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


def rank_3_or_4(signature: Signature) -> bool:
    """The data has three or four dimensions: batch, one or two of space, and channels."""
    return len(signature.input(0).shape) in (3, 4)


def block_lengths(signature: Signature) -> bool:
    """There is one block size, at least 1, for each dimension of space."""
    blocks = integers(signature, 1)
    return len(blocks) == len(signature.input(0).shape) - 2 and all(block >= 1 for block in blocks)


def borders(signature: Signature, index: int = 2) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension of space."""
    flat = integers(signature, index)
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def paddings_divide(signature: Signature) -> bool:
    """There are two paddings, at least 0, for each dimension of space, and they complete the blocks."""
    blocks, extents, pads = integers(signature, 1), signature.input(0).shape[1:-1], borders(signature)
    if len(pads) != len(blocks) or any(min(pair) < 0 for pair in pads):
        return False
    triples = zip(extents, pads, blocks, strict=True)
    return all((extent + sum(pair)) % block == 0 for extent, pair, block in triples)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch * blocks, padded extents / block sizes, channels]."""
    batch, *extents, channels = signature.input(0).shape
    blocks = integers(signature, 1)
    triples = zip(extents, borders(signature), blocks, strict=True)
    space = ((extent + sum(pair)) // block for extent, pair, block in triples)
    return ((batch * int(np.prod(blocks)), *space, channels),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Pad, cut into blocks, and bring the places within a block to the front."""
    data, blocks = call.input(0), integers(call.signature, 1)
    padded = np.pad(
        data, ((0, 0), *borders(call.signature), (0, 0)), constant_values=zero_point(call.signature)
    )
    cut = [padded.shape[0]]
    for extent, block in zip(padded.shape[1:-1], blocks, strict=True):
        cut += [extent // block, block]
    within = range(2, 2 * len(blocks) + 1, 2)
    order = (*within, 0, *(place - 1 for place in within), 2 * len(blocks) + 1)
    return (as_output(padded.reshape(*cut, padded.shape[-1]).transpose(order), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """For each place within a block, every block's pixel at that place that is not padding."""
    shape, blocks = signature.input(0).shape, integers(signature, 1)
    target_shape, parts = shapes(signature)[0], []
    for number, place in enumerate(product(*(range(block) for block in blocks))):
        source, target = View.of(shape), View.of(target_shape).sliced(0, number * shape[0], shape[0])
        for axis, (at, block, (before, _)) in enumerate(
            zip(place, blocks, borders(signature), strict=True), start=1
        ):
            first = -(-max(0, before - at) // block)
            end = min(target_shape[axis], -(-(shape[axis] + before - at) // block))
            source = source.sliced(axis, first * block + at - before, max(0, end - first), block)
            target = target.sliced(axis, first, max(0, end - first))
        if min(source.extents) > 0:
            parts.append(move(source, target))
    return tuple(parts)


OPERATOR = Operator(
    name="SPACE_TO_BATCH_ND",
    summary="Padded, then blocks of pixels become batches.",
    types=rows(DType.INT32, DType.INT32, dtypes=DTYPES),
    constraints=(
        constant_input(1, "block shape"),
        constant_input(2, "padding"),
        rank_3_or_4,
        block_lengths,
        paddings_divide,
    ),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
    fill=zero_point,
)
