# SPDX-License-Identifier: Apache-2.0
"""Buffers that are alive part by part: their bytes serve others as soon as they are dead, and no sooner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.programs import Builder

from milliwatt.errors import VerificationError
from milliwatt.ir import DType, Node, TensorType
from milliwatt.lower.program import Program
from milliwatt.plan import check, plan
from milliwatt.plan.lower_bound import lower_bound
from milliwatt.plan.parts import parts

ROWS, ROW = 4, 100


def by_rows(*, kept: bool = False) -> Program:
    """An input that is read row by row, an output that is written row by row; ``kept``: its first row is read last."""
    builder = Builder()
    builder.values["in"] = builder.values["out"] = TensorType(DType.INT8, (1, ROWS, ROW))
    places = {"in": "in", "out": "out"}
    begins = {}
    for row in range(ROWS):
        for whole, name in (("in", f"in{row}"), ("out", f"out{row}")):
            builder.values[name] = TensorType(DType.INT8, (1, 1, ROW))
            places[name], begins[name] = whole, row * ROW
    for row in range(ROWS):
        builder.call([f"in{row}", *(["in0"] if kept else [])], [f"out{row}"])
    outputs = tuple(f"out{row}" for row in range(ROWS))
    join = Node("CONCATENATION", outputs, ("out",), {"axis": 1})
    program = builder.program(["in"], ["out"])
    cuts = tuple(_slice(row) for row in range(ROWS))
    nodes = (*cuts, *(node for node in builder.nodes if node.op == "CUSTOM"), join)
    operands = {name: array for row in range(ROWS) for name, array in _operands(row).items()}
    types = {name: TensorType(DType.INT32, (3,)) for name in operands}
    graph = replace(program.graph, nodes=nodes, constants=operands, values={**program.graph.values, **types})
    return replace(program, graph=graph, buffer_of=places, begin_of=begins)


def _slice(row: int) -> Node:
    return Node("SLICE", ("in", f"begin{row}", f"size{row}"), (f"in{row}",))


def _operands(row: int) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    return {
        f"begin{row}": np.array([0, row, 0], np.int32),
        f"size{row}": np.array([1, 1, ROW], np.int32),
    }


def test_each_row_dies_behind_its_last_use() -> None:
    found = parts(by_rows())
    assert [(part.begin, part.end, part.span.last) for part in found["in"]] == [
        (row * ROW, (row + 1) * ROW, row) for row in range(ROWS)
    ]
    assert [part.span.first for part in found["out"]] == list(range(ROWS))


def test_an_output_follows_the_input_that_dies() -> None:
    """Row by row, one row apart; without the permission to overlap, both rows of a step are there at once."""
    program = by_rows()
    made = plan(program)
    assert made.arena_bytes == lower_bound(program) == (ROWS + 1) * ROW
    check(made, program)


def test_a_row_that_is_read_again_stays() -> None:
    made = plan(by_rows(kept=True))
    assert made.arena_bytes > (ROWS + 1) * ROW
    check(made)


@pytest.mark.parametrize("shift", [4, ROW - 4])
def test_the_checker_sees_rows_that_are_overwritten_too_early(shift: int) -> None:
    made = plan(by_rows())
    low = min(spot.offset for spot in made.buffers.values())
    first = {name: replace(spot, offset=low) for name, spot in made.buffers.items()}
    first["in"] = replace(first["in"], offset=low + shift)
    with pytest.raises(VerificationError, match=r"overlap|should hold"):
        check(replace(made, buffers=first))


def test_the_checker_sees_a_row_at_the_wrong_place() -> None:
    program = by_rows()
    made = plan(program)
    swapped = {**program.begin_of, "out1": 2 * ROW, "out2": ROW}
    with pytest.raises(VerificationError, match=r"overlap|should hold"):
        check(replace(made, program=replace(made.program, begin_of=swapped)))
