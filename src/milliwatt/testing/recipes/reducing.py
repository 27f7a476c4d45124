# SPDX-License-Identifier: Apache-2.0
"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, ARG_MAX and ARG_MIN."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.ir import DType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.arithmetic import NUMBERS, scale_of


def axes(build: GraphBuilder, rank: int) -> list[int]:
    """Some dimensions, counted from either end, in any order; mostly height and width of NHWC data."""
    if rank == 4 and build.random.random() < 0.4:
        return [1, 2]
    chosen = [axis for axis in range(rank) if build.random.random() < 0.5] or [build.integer(0, rank - 1)]
    build.random.shuffle(chosen)
    return [axis - rank if build.random.random() < 0.3 else axis for axis in chosen]


def reduce(build: GraphBuilder, op: str, dtype: DType) -> tuple[str, ...]:
    """Any axes, kept or dropped."""
    data = build.value(dtype, rank=build.integer(1, 6))
    kind = build.type_of(data)
    chosen = axes(build, len(kind.shape))
    attrs = {"keep_dims": bool(build.integer(0, 1))}
    quant = kind.quant
    if op in ("MEAN", "SUM") and quant is not None:
        count = math.prod(kind.shape[axis] for axis in chosen) if op == "SUM" else 1
        quant = build.quant(dtype, scale=scale_of(build, data) * count * 2.0 ** build.random.uniform(-4, 2))
    inputs = (data, build.constant(np.array(chosen, np.int32)))
    return build.node(op, inputs, attrs=attrs, dtype=dtype, quant=quant)


def arg_extreme(build: GraphBuilder, op: str, dtype: DType) -> tuple[str, ...]:
    """Any axis; indices of either width."""
    data = build.value(dtype, rank=build.integer(1, 4))
    rank = len(build.type_of(data).shape)
    axis = np.array(build.integer(-rank, rank - 1), build.choice([np.int32, np.int64]))
    index = build.choice([DType.INT32, DType.INT64])
    attrs = {"output_type": index.value.upper()}
    return build.node(op, (data, build.constant(axis)), attrs=attrs, dtype=index)


def recipe(op: str) -> Recipe:
    """The recipe of one reduction."""
    # LiteRT 2.3's reference kernel of a quantised SUM returns what it finds in memory; there is no oracle.
    kinds: dict[str, tuple[DType, ...]] = {
        "REDUCE_PROD": (DType.INT32, DType.INT64, DType.FLOAT32),
        "SUM": (DType.INT32, DType.INT64, DType.FLOAT32),
        "MEAN": (*NUMBERS, DType.UINT8),
    }
    return Recipe(op, lambda build, dtype: reduce(build, op, dtype), kinds.get(op, NUMBERS))


def search_recipe(op: str) -> Recipe:
    """The recipe of ARG_MAX or ARG_MIN."""
    kinds = (DType.INT8, DType.UINT8, DType.INT32, DType.FLOAT32, DType.BOOL)
    return Recipe(op, lambda build, dtype: arg_extreme(build, op, dtype), kinds)


RECIPES = (
    *map(recipe, ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")),
    *map(search_recipe, ("ARG_MAX", "ARG_MIN")),
)
