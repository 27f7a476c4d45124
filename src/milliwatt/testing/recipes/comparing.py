# SPDX-License-Identifier: Apache-2.0
"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL."""

from __future__ import annotations

from milliwatt.ir import DType, Quant, TensorType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.arithmetic import NUMBERS, extend, other, partner_shape


def fine_quant(build: GraphBuilder, dtype: DType) -> Quant | None:
    """A scale below 1."""
    return build.quant(dtype, scale=2.0 ** build.random.uniform(-12, -0.01))


def compare(build: GraphBuilder, op: str, dtype: DType) -> tuple[str, ...]:
    """Two broadcast inputs, half of the time on the same scale, and often equal."""
    quant = fine_quant(build, dtype)
    first = build.value(dtype, rank=build.integer(1, 4), quant=quant)
    against = build.type_of(first).shape
    shape = extend(build, partner_shape(build, against), against)
    second_quant = quant if build.random.random() < 0.5 else fine_quant(build, dtype)
    kind = TensorType(dtype, shape, second_quant)
    second = first if build.random.random() < 0.1 else other(build, kind)
    return build.node(op, (first, second), dtype=DType.BOOL)


def recipe(op: str) -> Recipe:
    """The recipe of one comparison."""
    kinds = (*NUMBERS, DType.BOOL) if op in ("EQUAL", "NOT_EQUAL") else NUMBERS
    return Recipe(op, lambda build, dtype: compare(build, op, dtype), kinds)


RECIPES = tuple(map(recipe, ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")))
