# SPDX-License-Identifier: Apache-2.0
"""PAD, PADV2, MIRROR_PAD and the operators that exchange space with batch and depth."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, TensorType
from milliwatt.ops.mirror_pad import DTYPES as MIRRORED
from milliwatt.ops.pad import DTYPES as PADDED
from milliwatt.ops.space_to_batch_nd import DTYPES as BATCHED
from milliwatt.ops.space_to_depth import DTYPES as DEEP
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.reshaping import operand, same


def _pairs(build: GraphBuilder, limits: list[int]) -> str:
    pairs = [[build.integer(0, limit), build.integer(0, limit)] for limit in limits]
    return operand(build, np.array(pairs).tolist())


def pad(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Up to three elements on every side."""
    data = build.value(dtype, rank=build.integer(1, 4))
    pairs = _pairs(build, [build.integer(0, 3) for _ in build.type_of(data).shape])
    return same(build, "PAD", (data, pairs), data)


def padv2(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """The same with a random value."""
    data = build.value(dtype, rank=build.integer(1, 4))
    pairs = _pairs(build, [build.integer(0, 3) for _ in build.type_of(data).shape])
    value = build.constant(build.sample(TensorType(dtype, ())), build.type_of(data).quant)
    return same(build, "PADV2", (data, pairs, value), data)


def mirror_pad(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Both modes, up to the largest border."""
    data = build.value(dtype, rank=build.integer(1, 4))
    mode = build.choice(["REFLECT", "SYMMETRIC"])
    edge = 1 if mode == "REFLECT" else 0
    pairs = _pairs(build, [min(3, extent - edge) for extent in build.type_of(data).shape])
    return same(build, "MIRROR_PAD", (data, pairs), data, mode=mode)


def space_to_depth(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Blocks of up to three pixels."""
    block = build.integer(1, 3)
    shape = (
        build.integer(1, 2),
        block * build.integer(1, 4),
        block * build.integer(1, 4),
        build.integer(1, 5),
    )
    data = build.value(dtype, shape=shape)
    return same(build, "SPACE_TO_DEPTH", (data,), data, block_size=block)


def depth_to_space(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Blocks of up to three pixels."""
    block = build.integer(1, 3)
    shape = (
        build.integer(1, 2),
        build.integer(1, 4),
        build.integer(1, 4),
        block * block * build.integer(1, 5),
    )
    data = build.value(dtype, shape=shape)
    return same(build, "DEPTH_TO_SPACE", (data,), data, block_size=block)


def space_to_batch(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """One or two dimensions of space, with paddings that complete the blocks."""
    data = build.value(dtype, rank=build.choice([3, 4]))
    blocks, pairs = [], []
    for extent in build.type_of(data).shape[1:-1]:
        block, before = build.integer(1, 3), build.integer(0, 3)
        blocks.append(block)
        pairs.append([before, -(extent + before) % block + block * build.integer(0, 1)])
    return same(
        build,
        "SPACE_TO_BATCH_ND",
        (data, operand(build, blocks), build.constant(np.array(pairs, np.int32))),
        data,
    )


def batch_to_space(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """One or two dimensions of space, cropped."""
    blocks = [build.integer(1, 3) for _ in range(build.integer(1, 2))]
    space = [build.integer(1, 4) for _ in blocks]
    shape = (int(np.prod(blocks)) * build.integer(1, 2), *space, build.integer(1, 5))
    data = build.value(dtype, shape=shape)
    pairs = []
    for extent, block in zip(space, blocks, strict=True):
        before = build.integer(0, min(2, extent * block - 1))
        pairs.append([before, build.integer(0, min(2, extent * block - 1 - before))])
    operands = (operand(build, blocks), build.constant(np.array(pairs, np.int32)))
    return same(build, "BATCH_TO_SPACE_ND", (data, *operands), data)


RECIPES = (
    Recipe("PAD", pad, PADDED),
    Recipe("PADV2", padv2, PADDED),
    Recipe("MIRROR_PAD", mirror_pad, MIRRORED),
    Recipe("SPACE_TO_DEPTH", space_to_depth, DEEP),
    Recipe("DEPTH_TO_SPACE", depth_to_space, DEEP),
    Recipe("SPACE_TO_BATCH_ND", space_to_batch, BATCHED),
    Recipe("BATCH_TO_SPACE_ND", batch_to_space, BATCHED),
)
