# SPDX-License-Identifier: Apache-2.0
"""What cuts or joins contiguous bytes takes no call and no bytes, wherever no two values contend for one place."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.lower.homes import homes
from milliwatt.pipeline import Build, Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

QUANT = Quant((0.5,), (3,))


def builder() -> GraphBuilder:
    return GraphBuilder(np.random.default_rng(5))


def rows(build: GraphBuilder, count: int, *, width: int = 4) -> str:
    """An input of that many rows of ``4 * width`` bytes."""
    return build.input(TensorType(DType.INT8, (1, count, 4, width), QUANT))


def negated(build: GraphBuilder, value: str) -> str:
    """A value that a kernel computes, of the same shape and scale."""
    return build.node("ABS", [value], dtype=DType.INT8, quant=QUANT)[0]


def joined(build: GraphBuilder, parts: list[str], *, axis: int = 1) -> str:
    return build.node("CONCATENATION", parts, attrs={"axis": axis}, dtype=DType.INT8, quant=QUANT)[0]


def cut(build: GraphBuilder, value: str, begin: int, count: int) -> str:
    shape = build.type_of(value).shape
    box = [np.array([0, begin, 0, 0], np.int32), np.array([shape[0], count, *shape[2:]], np.int32)]
    operands = [build.constant(array) for array in box]
    return build.node("SLICE", [value, *operands], dtype=DType.INT8, quant=QUANT)[0]


def built(graph: Graph) -> Build:
    return compile_graph(graph, Options(board=board("host"), name="rows"))


def operators(build: Build) -> list[str]:
    return [call.op for call in build.program.calls]


def test_parts_are_written_where_they_belong() -> None:
    build = builder()
    first, second = negated(build, rows(build, 2)), negated(build, rows(build, 3))
    whole = joined(build, [first, second])
    negated(build, whole)
    graph = build.graph()
    made = built(graph)
    assert "CONCATENATION" not in operators(made)
    assert made.plan.offset_of(second) == made.plan.offset_of(first) + 2 * 16
    compare(graph, optimize="ram")


def test_cuts_lie_in_what_they_are_cut_from() -> None:
    build = builder()
    data = negated(build, rows(build, 6))
    pieces = [negated(build, cut(build, data, begin, 2)) for begin in (0, 2, 3)]
    negated(build, joined(build, pieces))
    graph = build.graph()
    made = built(graph)
    assert not {"SLICE", "CONCATENATION"} & set(operators(made))
    # The input, all of what is cut, and the pieces, which take the place of what is cut as far as it is dead.
    assert made.plan.arena_bytes < 3 * 96
    compare(graph, optimize="ram")


def test_a_kept_tail_is_copied_in_front_of_new_rows() -> None:
    """A piece of one value that is a part of another: one copy, of its bytes alone."""
    build = builder()
    old = negated(build, rows(build, 4))
    tail = cut(build, old, 2, 2)
    line = joined(build, [tail, negated(build, rows(build, 1))])
    negated(build, line)
    graph = build.graph()
    moved = [call for call in built(graph).program.calls if call.op in ("SLICE", "CONCATENATION")]
    assert [call.op for call in moved] == ["SLICE"]
    compare(graph, optimize="ram")


@pytest.mark.parametrize("width", [4, 3])
def test_a_part_at_an_odd_place_or_used_twice_is_copied(width: int) -> None:
    build = builder()
    data = build.input(TensorType(DType.INT8, (1, 3, 1, width), QUANT))
    part = negated(build, data)
    twice = [part, part] if width == 4 else [part, negated(build, data)]
    negated(build, joined(build, twice))
    graph = build.graph()
    assert "CONCATENATION" in operators(built(graph))
    compare(graph, optimize="ram")


def test_inputs_and_outputs_of_the_caller_share_no_bytes() -> None:
    build = builder()
    data = rows(build, 4)
    cut(build, data, 0, 2)
    cut(build, data, 2, 2)
    graph = build.graph()
    assert operators(built(graph)) == ["SLICE", "SLICE"]
    compare(graph, optimize="ram")


def test_columns_are_no_contiguous_bytes() -> None:
    build = builder()
    parts = [negated(build, rows(build, 2)), negated(build, rows(build, 2))]
    negated(build, joined(build, parts, axis=2))
    graph = build.graph()
    assert not homes(graph).still
    compare(graph, optimize="ram")


def test_splits_and_nested_joins() -> None:
    build = builder()
    data = negated(build, rows(build, 6))
    axis = build.constant(np.array(1, np.int32))
    halves = build.node(
        "SPLIT", [axis, data], attrs={"num_splits": 2}, dtype=DType.INT8, quant=[QUANT, QUANT]
    )
    inner = joined(build, [negated(build, half) for half in halves])
    negated(build, joined(build, [inner, negated(build, rows(build, 1))]))
    graph = build.graph()
    assert not {"SPLIT", "CONCATENATION"} & set(operators(built(graph)))
    compare(graph, optimize="ram")
