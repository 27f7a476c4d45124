# SPDX-License-Identifier: Apache-2.0
"""Inputs to try a model on: the extremes first, then random ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, TensorType

Array = npt.NDArray[Any]


def sample_inputs(graph: Graph, *, samples: int, seed: int) -> Iterator[tuple[Array, ...]]:
    """Sets of inputs for a graph: all zero points, all smallest, all largest, then uniformly random.

    Args:
        graph: whose inputs are wanted.
        samples: how many sets.
        seed: of the random ones; the same seed gives the same inputs everywhere.
    """
    random = np.random.default_rng(seed)
    kinds = [graph.values[name] for name in graph.inputs]
    for number in range(samples):
        yield tuple(_sample(random, kind, number) for kind in kinds)


def _sample(random: np.random.Generator, kind: TensorType, number: int) -> Array:
    if kind.dtype is DType.BOOL:
        return random.integers(0, 2, kind.shape).astype(np.bool_)
    if kind.dtype is DType.FLOAT32:
        if number < 3:
            return np.full(kind.shape, (0.0, -1.0, 1.0)[number], np.float32)
        return random.normal(0.0, 1.0, kind.shape).astype(np.float32)
    low, high = kind.dtype.limits
    if kind.dtype.bytes > 2:
        # Wide integers are indices and counts: large values mean nothing.
        low, high = 0, 1
    if number < 3:
        zero = 0 if kind.quant is None or kind.quant.per_channel else kind.quant.scalar[1]
        return np.full(kind.shape, (min(max(zero, low), high), low, high)[number], kind.dtype.numpy)
    return random.integers(low, high, kind.shape, endpoint=True).astype(kind.dtype.numpy)
