# SPDX-License-Identifier: Apache-2.0
"""State variables that are updated where they lie: caches and recurrent layers that see one step per run."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, State, TensorType
from milliwatt.ops.interpret import Interpreter
from milliwatt.ops.recurrent import GATES, STATES
from milliwatt.passes import optimise
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder

FLOAT = DType.FLOAT32


def cache(dtype: DType = FLOAT, *, rows: int = 6, width: int = 5) -> Graph:
    """A cache of rows takes a row at a place that is an input; all rows are read."""
    build = GraphBuilder(np.random.default_rng(0))
    row, place = build.input(TensorType(dtype, (1, width))), build.input(TensorType(DType.INT32, (2,)))
    kind = TensorType(dtype, (rows, width))
    state = State("cache", kind, build.sample(kind))
    (before,) = build.node("READ_VARIABLE", (None,), dtype=dtype, states=(state,))
    (after,) = build.node("DYNAMIC_UPDATE_SLICE", (before, row, place), dtype=dtype)
    build.node("ASSIGN_VARIABLE", (None, after), dtype=(), states=(state,))
    build.node("TRANSPOSE", (after, build.constant(np.array([1, 0], np.int32))), dtype=dtype)
    return build.graph()


def stepwise(op: str, *, views: bool = False, shown: bool = False) -> Graph:
    """A recurrent layer of one step whose states are variables, as importers make it."""
    build = GraphBuilder(np.random.default_rng(1))
    rows = GATES[op] * 6
    data = build.input(TensorType(FLOAT, (1, 1, 4)))
    kind = TensorType(FLOAT, (1, 1, 6) if views else (1, 6))
    states = [State(f"state_{index}", kind, build.sample(kind)) for index in range(STATES[op])]
    read = [build.node("READ_VARIABLE", (None,), dtype=FLOAT, states=(state,))[0] for state in states]
    if views:
        read = [
            build.node("RESHAPE", (value,), attrs={"new_shape": (1, 6)}, dtype=FLOAT)[0] for value in read
        ]
    weights = [build.weights(shape, FLOAT) for shape in ((rows, 4), (rows, 6), (2 * rows,))]
    _, *last = build.node(op, (data, *weights, *read), dtype=FLOAT)
    if shown:
        build.node("TANH", (last[0],), dtype=FLOAT)
    if views:
        attrs = {"new_shape": (1, 1, 6)}
        last = [build.node("RESHAPE", (value,), attrs=attrs, dtype=FLOAT)[0] for value in last]
    for value, state in zip(last, states, strict=True):
        build.node("ASSIGN_VARIABLE", (None, value), dtype=(), states=(state,))
    return build.graph()


def same_over_runs(graph: Graph, *, runs: int = 4) -> None:
    """The graph as it was, after the passes, and in C on the host and the Cortex-M4."""
    oracle = Interpreter(graph)
    builds = {name: compile_graph(graph, Options(board(name))) for name in ("host", "nucleo-l4r5zi")}
    runners = [
        Interpreter(builds["host"].graph),
        runner_for(builds["host"], "host"),
        runner_for(builds["nucleo-l4r5zi"], "emulator"),
    ]
    random = np.random.default_rng(2)
    for run in range(runs):
        kinds = [graph.values[name] for name in graph.inputs]
        inputs = [
            np.full(kind.shape, 2 * run - 1, np.int32)
            if kind.dtype is DType.INT32
            else random.integers(-100, 100, kind.shape).astype(kind.dtype.numpy)
            for kind in kinds
        ]
        expected = oracle.run(inputs)
        for runner in runners:
            for got, wanted in zip(runner.run(inputs), expected, strict=True):
                np.testing.assert_allclose(got, wanted, rtol=0, atol=2e-6)


@pytest.mark.parametrize("dtype", [FLOAT, DType.INT8, DType.INT16])
def test_cache_takes_a_row_in_place(dtype: DType) -> None:
    graph = cache(dtype)
    assert [node.op for node in optimise(graph).nodes] == ["ASSIGN_VARIABLE_SLICE", "TRANSPOSE"]
    same_over_runs(graph)


def test_cache_is_not_copied() -> None:
    """The arena holds the cache and its transposed reading, which covers the row and its place; nothing else."""
    build = compile_graph(cache(rows=64, width=16), Options(board("host")))
    assert build.plan.arena_bytes == 2 * 64 * 16 * 4


def test_cache_that_is_the_output_is_copied() -> None:
    graph = cache()
    same_over_runs(graph.replace(outputs=(graph.nodes[1].outputs[0],), nodes=graph.nodes[:3]).pruned())


@pytest.mark.parametrize("views", [False, True])
@pytest.mark.parametrize("op", STATES)
def test_recurrent_layer_keeps_its_states(op: str, views: bool) -> None:
    graph = stepwise(op, views=views)
    [node] = optimise(graph).nodes
    assert (node.op, len(node.states)) == (op, STATES[op])
    same_over_runs(graph)


@pytest.mark.parametrize("op", STATES)
def test_states_take_no_room_twice(op: str) -> None:
    """Data, output and states; scratch only where the reset gate wants it."""
    build = compile_graph(stepwise(op), Options(board("host")))
    assert build.plan.arena_bytes <= 4 * (4 + 6 + STATES[op] * 6 + (6 if op == "GRU" else 0)) + 8


@pytest.mark.parametrize("op", STATES)
def test_state_that_is_read_elsewhere_stays(op: str) -> None:
    graph = stepwise(op, shown=True)
    assert not next(node for node in optimise(graph).nodes if node.op == op).states
    same_over_runs(graph)
