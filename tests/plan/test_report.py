# SPDX-License-Identifier: Apache-2.0
"""What a user sees of a plan: the memory map, the JSON form, and the error when a budget is missed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.plan.programs import Builder, chain, programs

from milliwatt.errors import BudgetError, InternalError
from milliwatt.lower.program import Program, Scratch
from milliwatt.plan import format_plan, plan, to_json
from milliwatt.plan.alignment import element_bytes

MAP = """\
arena 64 bytes (lower bound 64: no plan of this order can be smaller), 2 steps, planner greedy
 step kernel    0             64
      (inputs)  AAAAAAAA········
    0 kernel_0  AAAAAAAABBBBBBBB
    1 kernel_1  CCCC····BBBBBBBB
      (outputs) CCCC············
  B       32 … 64             32 bytes  steps 0…1       v1"""


def test_memory_map() -> None:
    text = format_plan(plan(chain(32, 32, 16)), width=16)
    assert text.splitlines()[:6] == MAP.splitlines()[:6]
    assert MAP.splitlines()[6] in text.splitlines()


def test_memory_map_shows_what_is_shared_and_what_is_not_a_buffer() -> None:
    builder = Builder()
    builder.value("in", 32)
    builder.value("out", 32)
    builder.state("memory", 16)
    builder.call(
        ["in"], ["out"], overlaps=(("in", "out", 0),), scratch=(Scratch(16, "int32_t"),), states=("memory",)
    )
    row = format_plan(plan(builder.program(["in"], ["out"])), width=8).splitlines()[3]
    assert sorted(row.split()[-1]) == sorted("==" + "▓▓▓▓" + "**")


@settings(max_examples=40, deadline=None)
@given(program=programs())
def test_reports_of_random_programs(program: Program) -> None:
    made = plan(program)
    lines = format_plan(made, width=40).splitlines()
    assert len(lines) == 2 + len(program.calls) + 2 + len(made.buffers) + len(made.scratch) + len(made.states)
    form = json.loads(json.dumps(to_json(made)))
    assert form["arena_bytes"] == made.arena_bytes
    assert {spot["name"]: spot["offset"] for spot in form["buffers"]} == {
        name: spot.offset for name, spot in made.buffers.items()
    }
    values = {value: spot["offset"] for spot in form["buffers"] for value in spot["values"]}
    assert all(values[value] == made.offset_of(value) for call in program.calls for value in call.reads)
    assert len(form["steps"]) == len(program.calls)


def test_budget_names_the_binding_layer_what_lives_there_and_what_fits() -> None:
    program = chain(16, 100, 60, 8)
    assert plan(program, budget=160).arena_bytes == 160
    with pytest.raises(BudgetError) as caught:
        plan(program, budget=159)
    assert "159 bytes" in caught.value.message
    assert "below 160" in caught.value.message
    assert caught.value.where == "layer 1 (step 1), which needs 160 bytes: v1 100 + v2 60"
    assert "160 bytes" in caught.value.hint


def test_budget_at_the_ports_and_with_sharing() -> None:
    with pytest.raises(BudgetError, match="the graph's inputs"):
        plan(chain(100, 4, distance=0), budget=50)
    with pytest.raises(BudgetError, match="− 52 shared"):
        plan(chain(64, 64, distance=12), budget=75)


def test_unknown_element_types_are_refused() -> None:
    assert [element_bytes(name) for name in ("int8_t", "const uint16_t", "float", "int64_t")] == [1, 2, 4, 8]
    with pytest.raises(InternalError, match="struct thing"):
        element_bytes("struct thing")


def test_memory_map_shows_things_smaller_than_a_character() -> None:
    rows = format_plan(plan(chain(4000, 4, 4)), width=10).splitlines()[2:]
    assert [row.split()[-1].count("·") for row in rows[:4]] == [0, 0, 8, 9]
    assert [letter for letter in "ABC" if letter in rows[2]] == ["B", "C"]


def test_a_value_without_a_buffer_is_refused() -> None:
    for lost, where in (("v1", "layer 0"), ("v2", "graph test")):
        program = chain(8, 8, 8)
        homes = {value: home for value, home in program.buffer_of.items() if value != lost}
        with pytest.raises(InternalError, match=f"no buffer to '{lost}'") as caught:
            plan(replace(program, buffer_of=homes))
        assert caught.value.where == where
