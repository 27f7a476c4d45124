# SPDX-License-Identifier: Apache-2.0
"""Every way to carry out trees gives the meaning's integers: code, the tables it is made of, and streams."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pytest

from milliwatt.emit import calls
from milliwatt.ir import DType, Graph
from milliwatt.lower.alternatives import Alternatives
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.samples import sample_inputs
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipes.trees import tree_ensemble

KINDS = (DType.FLOAT32, DType.INT16, DType.INT8, DType.UINT8)


def random_trees(kind: DType, seed: int) -> Graph:
    """One node of random trees."""
    build = GraphBuilder(np.random.default_rng(seed))
    tree_ensemble(build, kind)
    return build.graph()


def chosen(number: int, counts: list[int], found: Alternatives) -> Sequence[int]:
    """The candidate of that number, or the last one; how many there are is noted."""
    counts[:] = [len(place.candidates) for place in found.places]
    return [min(number, count - 1) for count in counts]


def check_all(graph: Graph, *, target: str, runner: str) -> set[str]:
    """Run each candidate on random inputs; returns the kernels."""
    kernels: set[str] = set()
    counts: list[int] = [1]
    number = 0
    while number < max(counts):
        choose = functools.partial(chosen, number, counts)
        build = compile_graph(graph, Options(board=board(target)), choose=choose)
        made = runner_for(build, runner)
        meaning = Interpreter(build.graph, build.options.numerics)
        for inputs in sample_inputs(graph, samples=6, seed=number):
            values = meaning.values(inputs)
            for name, got in zip(graph.outputs, made.run(inputs), strict=True):
                np.testing.assert_array_equal(got, values[name])
        kernels.update(call.kernel for call in build.program.calls)
        number += 1
    return kernels


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize("seed", range(5))
def test_every_candidate_gives_the_meaning(kind: DType, seed: int) -> None:
    kernels = check_all(random_trees(kind, seed), target="host", runner="host")
    assert {"mw_tree_code", "mw_tree_walk_8"} <= kernels


@pytest.mark.parametrize("target", ["nucleo-l4r5zi", "nucleo-g0b1re"])
def test_every_candidate_on_emulated_boards(target: str) -> None:
    check_all(random_trees(DType.FLOAT32, 7), target=target, runner="emulator")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
def test_code_does_what_its_tables_say(kind: DType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "unrolled", lambda kernel: None)
    check_all(random_trees(kind, 3), target="host", runner="host")


def test_columns_of_many_thresholds_have_ranks_of_16_bits() -> None:
    """One column with 400 thresholds, in one deep tree."""
    build = GraphBuilder(np.random.default_rng(0))
    count = 400
    data = build.value(DType.FLOAT32, shape=(1, 1))
    thresholds = np.sort(np.random.default_rng(1).normal(0, 1, count)).astype(np.float32)
    left = -1 - np.arange(count)
    right = np.append(np.arange(1, count), -1 - count)
    leaves = np.arange(count + 1)[:, None] * 3 - 500
    arrays = (np.zeros(count), left, right, np.zeros(1), leaves, np.zeros(1))
    column, first, second, roots, table, base = (build.constant(array.astype(np.int32)) for array in arrays)
    inputs = [data, column, build.constant(thresholds), first, second, roots, table, base]
    build.node("TREE_ENSEMBLE", inputs, dtype=DType.INT32)
    kernels = check_all(build.graph(), target="host", runner="host")
    assert kernels == {"mw_tree_walk_plain", "mw_tree_walk_16"}
