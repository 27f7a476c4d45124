# SPDX-License-Identifier: Apache-2.0
"""What every operator must bring along, whoever adds it."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir.verify import verify
from milliwatt.ops import Operator, operators
from milliwatt.ops.check import check
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import recipes

# Made by passes and by streaming, never found in a model file.
INTERNAL = {"ASSIGN_VARIABLE_SLICE", "LOOKUP", "PUSH_COLUMNS"}


@pytest.mark.parametrize("operator", operators().values(), ids=lambda operator: operator.name)
def test_operator_is_documented(operator: Operator) -> None:
    assert operator.name == operator.name.upper()
    assert operator.summary.endswith(".")
    assert operator.types
    for constraint in operator.constraints:
        assert (constraint.__doc__ or "").strip().endswith("."), f"{constraint.__name__} needs its sentence"


def test_every_operator_has_a_recipe() -> None:
    assert set(recipes()) >= set(operators()) - INTERNAL


@pytest.mark.parametrize("op", sorted(recipes()))
def test_recipes_make_valid_graphs(op: str) -> None:
    recipe = recipes()[op]
    for dtype in recipe.dtypes:
        for seed in range(5):
            build = GraphBuilder(np.random.default_rng(seed))
            outputs = recipe.make(build, dtype)
            graph = build.graph()
            assert outputs
            verify(graph)
            check(graph)
