# SPDX-License-Identifier: Apache-2.0
"""Operators that move, resize and remember against LiteRT and against their C on this computer."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ops import Numerics
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare
from milliwatt.testing.recipe import recipes

OPERATORS = (
    "ASSIGN_VARIABLE",
    "BATCH_TO_SPACE_ND",
    "BROADCAST_TO",
    "CONCATENATION",
    "DEPTH_TO_SPACE",
    "EXPAND_DIMS",
    "FILL",
    "GATHER",
    "GATHER_ND",
    "MIRROR_PAD",
    "PACK",
    "PAD",
    "PADV2",
    "READ_VARIABLE",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR",
    "REVERSE_V2",
    "SHAPE",
    "SLICE",
    "SPACE_TO_BATCH_ND",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "SPLIT_V",
    "SQUEEZE",
    "STRIDED_SLICE",
    "SVDF",
    "TILE",
    "TRANSPOSE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "UNPACK",
)


@pytest.mark.parametrize("op", OPERATORS)
def test_the_meaning_is_that_of_litert(op: str) -> None:
    """Every element type on graphs of its own, so that no other operator hides a difference."""
    recipe = recipes()[op]
    for dtype in recipe.dtypes:
        for seed in range(3):
            build = GraphBuilder(np.random.default_rng(seed))
            recipe.make(build, dtype)
            compare(build.graph(), boards=("host",), implementations=("litert",), samples=4, seed=seed)


@pytest.mark.parametrize("op", OPERATORS)
def test_the_kernels_carry_out_the_meaning(op: str) -> None:
    """A node of every element type, compiled together."""
    build = GraphBuilder(np.random.default_rng(len(op)))
    for dtype in recipes()[op].dtypes:
        recipes()[op].make(build, dtype)
    compare(build.graph(), boards=("host",), implementations=("host",), samples=4)


@pytest.mark.parametrize("op", ["SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "CONCATENATION", "GATHER"])
def test_shared_kernels_carry_out_the_meaning(op: str) -> None:
    """Parameters read at run time, and the other contracts of rounding."""
    for seed, numerics in enumerate((Numerics.TFLM, Numerics.FAST)):
        build = GraphBuilder(np.random.default_rng(seed))
        for dtype in recipes()[op].dtypes[:2]:
            recipes()[op].make(build, dtype)
        compare(
            build.graph(),
            boards=("host",),
            implementations=("host",),
            samples=4,
            optimize="flash",
            numerics=numerics,
        )
