# SPDX-License-Identifier: Apache-2.0
"""Random valid graphs over all supported operators, reproducible from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from milliwatt.ir import DType, Graph
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import recipes

# int8 is what devices run: most graphs are made of it.
_WEIGHTS = {DType.INT8: 0.65, DType.FLOAT32: 0.15, DType.INT16: 0.15, DType.UINT8: 0.05}


def random_graph(seed: int, *, ops: Sequence[str] | None = None, largest: int = 6) -> Graph:
    """A graph of 1 to ``largest`` nodes of one main element type.

    Args:
        seed: the same seed gives the same graph.
        ops: the operators to choose from; all that have a recipe for the type by default.
        largest: the most nodes.

    Raises:
        ValueError: no operator of ``ops`` has a recipe.
    """
    random = np.random.default_rng(seed)
    wanted = [recipe for name, recipe in recipes().items() if ops is None or name in ops]
    dtypes = [dtype for dtype in _WEIGHTS if any(dtype in recipe.dtypes for recipe in wanted)]
    if not dtypes:
        dtypes = sorted(
            {dtype for recipe in wanted for dtype in recipe.dtypes}, key=lambda dtype: dtype.value
        )
    if not dtypes:
        raise ValueError(f"no recipe for {ops}")
    weights = np.array([_WEIGHTS.get(dtype, 1.0) for dtype in dtypes])
    dtype = dtypes[int(random.choice(len(dtypes), p=weights / weights.sum()))]
    fitting = [recipe for recipe in wanted if dtype in recipe.dtypes]
    build = GraphBuilder(random)
    for _ in range(build.integer(1, largest)):
        build.choice(fitting).make(build, dtype)
    return build.graph(f"random_{seed}")
