# SPDX-License-Identifier: Apache-2.0
"""PUSH_COLUMNS: kernels against the meaning, and where its output lies."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Shape, State, TensorType
from milliwatt.lower.lowering import lower
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.ops.strided_view import MOVABLE
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

BOARD = "nucleo-l4r5zi"


def push(build: GraphBuilder, dtype: DType, shape: Shape, *, axis: int, hop: int) -> str:
    """A line of that shape on an input of its own; the line's name."""
    data = build.input(TensorType(dtype, (*shape[:axis], hop, *shape[axis + 1 :])))
    kind = TensorType(dtype, shape)
    state = State(f"{data} line", kind, build.sample(kind))
    return build.node("PUSH_COLUMNS", (data,), attrs={"axis": axis}, dtype=dtype, states=(state,))[0]


SIZES = {
    "column": ((1, 5, 1, 32), 1, 1),
    "columns": ((1, 10, 3, 4), 1, 3),
    "long": ((40, 12), 0, 1),
    "bytes": ((1, 7, 3), 1, 2),
    "blocks": ((3, 6, 8), 1, 2),
    "blocks of bytes": ((2, 3, 5, 3), 2, 1),
    "last axis": ((2, 9), 1, 2),
    "all new": ((4, 6), 0, 4),
}


@pytest.mark.parametrize("optimize", ["speed", "flash"])
@pytest.mark.parametrize("dtype", MOVABLE, ids=lambda dtype: dtype.value)
def test_equals_the_meaning(dtype: DType, optimize: str) -> None:
    """Read in place, and as an output of the model."""
    build = GraphBuilder(np.random.default_rng(0))
    for shape, axis, hop in SIZES.values():
        line = push(build, dtype, shape, axis=axis, hop=hop)
        build.node("CONCATENATION", (line, line), attrs={"axis": 0}, dtype=dtype)
        push(build, dtype, shape, axis=axis, hop=hop)
    implementations = ("host", "emulator")
    compare(build.graph(), boards=("host", BOARD), implementations=implementations, optimize=optimize)


def test_columns_move_on() -> None:
    build = GraphBuilder(np.random.default_rng(0))
    push(build, DType.INT32, (2, 4), axis=1, hop=1)
    graph = build.graph()
    run = Interpreter(graph)
    line = np.array(graph.states[0].initial)
    for number in range(6):
        column = np.array([[number], [number + 100]], np.int32)
        line = np.concatenate([line[:, 1:], column], 1)
        np.testing.assert_array_equal(run.run([column])[0], line)
    assert line.tolist() == [[2, 3, 4, 5], [102, 103, 104, 105]]


def homes(graph: Graph) -> dict[str, str]:
    """The state variables that hold values, by value."""
    program = lower(graph, core=board(BOARD).core, numerics=Numerics.LITERT)
    found = {value: program.home_state(value) for value in program.buffer_of}
    return {value: home for value, home in found.items() if home is not None}


def test_a_line_and_its_views_need_no_buffer() -> None:
    build = GraphBuilder(np.random.default_rng(0))
    line = push(build, DType.INT8, (1, 50, 8), axis=1, hop=1)
    flat = build.node("RESHAPE", (line,), attrs={"new_shape": (50, 8)}, dtype=DType.INT8)[0]
    build.node("CONCATENATION", (flat, flat), attrs={"axis": 0}, dtype=DType.INT8)
    graph = build.graph()
    assert homes(graph) == {line: graph.states[0].name, flat: graph.states[0].name}
    assert compile_graph(graph, Options(board(BOARD))).plan.arena_bytes == 400 + 800


def test_the_caller_gets_a_copy() -> None:
    build = GraphBuilder(np.random.default_rng(0))
    line = push(build, DType.INT8, (1, 6, 8), axis=1, hop=1)
    build.node("RESHAPE", (line,), attrs={"new_shape": (48,)}, dtype=DType.INT8)
    graph = build.graph()
    assert set(homes(graph)) == {line}
    assert set(homes(graph.replace(outputs=(*graph.outputs, line)))) == set()
    compare(graph.replace(outputs=(*graph.outputs, line)), implementations=("host",))


def test_a_variable_that_others_touch_holds_no_value() -> None:
    build = GraphBuilder(np.random.default_rng(0))
    line = push(build, DType.INT8, (1, 6, 8), axis=1, hop=1)
    build.node("CONCATENATION", (line, line), attrs={"axis": 0}, dtype=DType.INT8)
    graph = build.graph()
    second = graph.nodes[0]
    values = {**graph.values, "again": graph.values[line]}
    nodes = (second, type(second)("PUSH_COLUMNS", second.inputs, ("again",), second.attrs, second.states))
    both = graph.replace(nodes=(*nodes, graph.nodes[1]), values=values, outputs=(*graph.outputs, "again"))
    assert homes(both) == {}
    compare(both, implementations=("host",))
