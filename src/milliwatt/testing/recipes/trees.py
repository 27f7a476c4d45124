# SPDX-License-Identifier: Apache-2.0
"""TREE_ENSEMBLE."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe

MODES = 3


def tree_ensemble(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Random trees, some of one leaf alone; few distinct thresholds; leaves with few entries that are not 0."""
    data = build.value(dtype, rank=2)
    features, outputs, leaves = build.type_of(data).shape[1], build.integer(1, 6), build.integer(1, 12)
    links: list[list[int]] = []
    roots = [_grow(build, links, leaves, depth=build.integer(0, 5)) for _ in range(build.integer(1, 5))]
    # A tensor has at least one element: a node that nothing leads to.
    links = links or [[-1, -1]]
    modes = MODES if dtype is DType.FLOAT32 else 1
    column = build.random.integers(0, features * modes, len(links)).astype(np.int32)
    pool = build.sample(build.type_of(data)).reshape(-1)
    threshold = build.random.choice(pool, len(links)).astype(dtype.numpy)
    table = build.random.integers(-(2**20), 2**20, (leaves, outputs))
    table[build.random.random(table.shape) < build.choice([0.0, 0.6])] = 0
    if build.random.random() < 0.4:
        table = np.eye(leaves, outputs, dtype=np.int64)[build.random.permutation(leaves)] * 1000
    base = build.random.integers(-1000, 1000, outputs) * build.integer(0, 1)
    pairs = np.array(links, np.int32).reshape(-1, 2)
    arrays = (column, threshold, pairs[:, 0].copy(), pairs[:, 1].copy(), np.array(roots, np.int32))
    constants = [build.constant(array) for array in (*arrays, table.astype(np.int32), base.astype(np.int32))]
    return build.node("TREE_ENSEMBLE", [data, *constants], dtype=DType.INT32)


def _grow(build: GraphBuilder, links: list[list[int]], leaves: int, *, depth: int) -> int:
    """Append a tree, each node before its children; returns the reference to it."""
    if depth == 0 or build.random.random() < 0.1:
        return -build.integer(1, leaves)
    own = len(links)
    links.append([0, 0])
    links[own][0] = _grow(build, links, leaves, depth=depth - 1)
    links[own][1] = _grow(build, links, leaves, depth=depth - 1)
    return own


RECIPES = (Recipe("TREE_ENSEMBLE", tree_ensemble, (DType.FLOAT32, DType.INT16, DType.INT8, DType.UINT8)),)
