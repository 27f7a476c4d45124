# SPDX-License-Identifier: Apache-2.0
"""BATCH_TO_SPACE_ND: batches become blocks of pixels, then the borders are cropped."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Call, Move, Operator, Signature, as_output
from milliwatt.ops.space_to_batch_nd import DTYPES, block_lengths, borders, rank_3_or_4
from milliwatt.ops.strided_view import View, constant_input, integers, move, rows


def whole_batches(signature: Signature) -> bool:
    """The number of places in a block divides the batch."""
    return signature.input(0).shape[0] % math.prod(integers(signature, 1)) == 0


def crops_fit(signature: Signature) -> bool:
    """There are two crops, not negative, for each dimension of space, and they leave at least one pixel."""
    blocks, extents, crops = integers(signature, 1), signature.input(0).shape[1:-1], borders(signature)
    if len(crops) != len(blocks) or any(min(pair) < 0 for pair in crops):
        return False
    triples = zip(extents, crops, blocks, strict=True)
    return all(extent * block > sum(pair) for extent, pair, block in triples)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch / blocks, extents * block sizes - crops, channels]."""
    batch, *extents, channels = signature.input(0).shape
    blocks = integers(signature, 1)
    triples = zip(extents, borders(signature), blocks, strict=True)
    space = (extent * block - sum(pair) for extent, pair, block in triples)
    return ((batch // math.prod(blocks), *space, channels),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Bring the places within a block behind the blocks, and crop."""
    data, blocks = call.input(0), integers(call.signature, 1)
    count = len(blocks)
    cut = data.reshape(*blocks, data.shape[0] // math.prod(blocks), *data.shape[1:])
    pairs = ((count + 1 + axis, axis) for axis in range(count))
    whole = cut.transpose(count, *(axis for pair in pairs for axis in pair), 2 * count + 1)
    extents = [extent * block for extent, block in zip(data.shape[1:-1], blocks, strict=True)]
    image = whole.reshape(whole.shape[0], *extents, data.shape[-1])
    for axis, (before, after) in enumerate(borders(call.signature), start=1):
        image = np.take(image, range(before, image.shape[axis] - after), axis)
    return (as_output(image, call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """For each place within a block, every block's pixel at that place that is not cropped."""
    shape, blocks = signature.input(0).shape, integers(signature, 1)
    target_shape, parts = shapes(signature)[0], []
    batch = target_shape[0]
    for number, place in enumerate(product(*(range(block) for block in blocks))):
        source, target = View.of(shape).sliced(0, number * batch, batch), View.of(target_shape)
        for axis, (at, block, (before, _)) in enumerate(
            zip(place, blocks, borders(signature), strict=True), start=1
        ):
            first = -(-max(0, before - at) // block)
            end = min(shape[axis], -(-(target_shape[axis] + before - at) // block))
            source = source.sliced(axis, first, max(0, end - first))
            target = target.sliced(axis, first * block + at - before, max(0, end - first), block)
        if min(source.extents) > 0:
            parts.append(move(source, target))
    return tuple(parts)


OPERATOR = Operator(
    name="BATCH_TO_SPACE_ND",
    summary="Batches become blocks of pixels, then the borders are cropped.",
    types=rows(DType.INT32, DType.INT32, dtypes=DTYPES),
    constraints=(
        constant_input(1, "block shape"),
        constant_input(2, "crop"),
        rank_3_or_4,
        block_lengths,
        whole_batches,
        crops_fit,
    ),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
