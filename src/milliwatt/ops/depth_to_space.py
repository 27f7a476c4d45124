# SPDX-License-Identifier: Apache-2.0
"""DEPTH_TO_SPACE: channels become blocks of pixels."""

from __future__ import annotations

from milliwatt.ir import Shape
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, as_output
from milliwatt.ops.space_to_depth import DTYPES, rank_4
from milliwatt.ops.strided_view import View, move, rows


def blocks(signature: Signature) -> bool:
    """The block size is at least 1 and its square divides the channels."""
    block = signature.attrs["block_size"]
    return bool(block >= 1 and signature.input(0).shape[3] % (block * block) == 0)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, height * block, width * block, channels / block²]."""
    block, (batch, height, width, channels) = signature.attrs["block_size"], signature.input(0).shape
    return ((batch, height * block, width * block, channels // (block * block)),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """The block's rows and columns stand before the channels."""
    block, (batch, height, width, channels) = call.signature.attrs["block_size"], call.input(0).shape
    cut = call.input(0).reshape(batch, height, width, block, block, channels // (block * block))
    return (as_output(cut.transpose(0, 1, 3, 2, 4, 5), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """One strided read, one contiguous write."""
    block, channels = signature.attrs["block_size"], signature.input(0).shape[3]
    cut = View.of(signature.input(0).shape).split(3, channels // (block * block)).split(3, block)
    source = cut.transposed((0, 1, 3, 2, 4, 5))
    return (move(source, View.of(source.extents)),)


OPERATOR = Operator(
    name="DEPTH_TO_SPACE",
    summary="Channels become blocks of pixels.",
    attributes={"block_size": Attribute("int", 1)},
    types=rows(dtypes=DTYPES),
    constraints=(rank_4, blocks),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
