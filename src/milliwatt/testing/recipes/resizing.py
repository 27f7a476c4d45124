# SPDX-License-Identifier: Apache-2.0
"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from milliwatt.ir import DType
from milliwatt.ops.resize_bilinear import DTYPES as BLENDED
from milliwatt.ops.resize_nearest_neighbor import DTYPES as NEAREST
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.reshaping import operand, same

CONVENTIONS = ((False, False), (True, False), (False, True))
"""align_corners and half_pixel_centers."""


def _resize(build: GraphBuilder, dtype: DType, op: str) -> tuple[str, ...]:
    """Larger and smaller by odd factors."""
    data = build.value(dtype, rank=4)
    size = operand(build, [build.integer(1, 11), build.integer(1, 11)])
    align, half = build.choice(CONVENTIONS)
    return same(build, op, (data, size), data, align_corners=align, half_pixel_centers=half)


def resize_bilinear(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Larger and smaller by odd factors."""
    return _resize(build, dtype, "RESIZE_BILINEAR")


def resize_nearest_neighbor(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Larger and smaller by odd factors."""
    return _resize(build, dtype, "RESIZE_NEAREST_NEIGHBOR")


RECIPES = (
    Recipe("RESIZE_BILINEAR", resize_bilinear, BLENDED),
    Recipe("RESIZE_NEAREST_NEIGHBOR", resize_nearest_neighbor, NEAREST),
)
