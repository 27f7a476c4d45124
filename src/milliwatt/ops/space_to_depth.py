# SPDX-License-Identifier: Apache-2.0
"""SPACE_TO_DEPTH: blocks of pixels become channels."""

from __future__ import annotations

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, as_output
from milliwatt.ops.strided_view import View, move, rows

DTYPES = (DType.INT8, DType.UINT8, DType.INT32, DType.INT64, DType.FLOAT32)


def rank_4(signature: Signature) -> bool:
    """The data has four dimensions: batch, height, width and channels."""
    return len(signature.input(0).shape) == 4


def blocks(signature: Signature) -> bool:
    """The block size is at least 1 and divides height and width."""
    block, (_, height, width, _) = signature.attrs["block_size"], signature.input(0).shape
    return bool(block >= 1 and height % block == 0 and width % block == 0)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, height / block, width / block, channels * block²]."""
    block, (batch, height, width, channels) = signature.attrs["block_size"], signature.input(0).shape
    return ((batch, height // block, width // block, channels * block * block),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """The block's rows and columns go before the channels."""
    block, (batch, height, width, channels) = call.signature.attrs["block_size"], call.input(0).shape
    cut = call.input(0).reshape(batch, height // block, block, width // block, block, channels)
    return (as_output(cut.transpose(0, 1, 3, 2, 4, 5), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """One strided read, one contiguous write."""
    block = signature.attrs["block_size"]
    cut = View.of(signature.input(0).shape).split(2, block).split(1, block)
    source = cut.transposed((0, 1, 3, 2, 4, 5))
    return (move(source, View.of(source.extents)),)


OPERATOR = Operator(
    name="SPACE_TO_DEPTH",
    summary="Blocks of pixels become channels.",
    attributes={"block_size": Attribute("int", 1)},
    types=rows(dtypes=DTYPES),
    constraints=(rank_4, blocks),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
