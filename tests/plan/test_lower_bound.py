# SPDX-License-Identifier: Apache-2.0
"""Liveness, what overlaps can save, and the bound of each step."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan.programs import Builder, chain, programs
from tests.plan.rules import alive

from milliwatt.lower.program import Program
from milliwatt.plan.liveness import liveness
from milliwatt.plan.lower_bound import binding_load, loads, lower_bound
from milliwatt.plan.overlap import permissions, shareable_bytes


@settings(max_examples=60, deadline=None)
@given(program=programs())
def test_liveness_agrees_with_the_rules(program: Program) -> None:
    expected = {
        name: (min(steps), max(steps)) for (kind, name), steps in alive(program).items() if kind == "buffer"
    }
    assert {name: (span.first, span.last) for name, span in liveness(program).items()} == expected


@given(read=st.integers(0, 12), write=st.integers(0, 12), distance=st.integers(-15, 15))
def test_shareable_bytes_is_the_best_over_all_addresses(read: int, write: int, distance: int) -> None:
    """Counted byte by byte over every allowed difference of addresses."""
    best = 0
    for delta in range(distance, 30):
        best = max(best, len(set(range(delta, delta + read)) & set(range(write))))
    assert shareable_bytes(read, write, distance) == best


def test_permissions_of_a_view_and_its_origin_are_both_needed() -> None:
    builder = Builder()
    builder.value("in", 8)
    builder.view("again", "in")
    builder.value("out", 8)
    builder.call(["in", "again"], ["out"], overlaps=(("in", "out", 0),))
    builder.call(
        ["in", "again"], ["out"], overlaps=(("in", "out", 4), ("again", "out", -4), ("in", "out", 8))
    )
    program = builder.program(["in"], ["out"])
    assert permissions(program, program.calls[0]) == {}
    assert permissions(program, program.calls[1]) == {("in", "out"): 4}


def test_a_buffer_that_the_call_rewrites_is_not_excused() -> None:
    builder = Builder()
    for name in ("in", "sum", "out"):
        builder.value(name, 8)
    builder.call(["in"], ["sum"])
    builder.call(["sum"], ["sum", "out"], overlaps=(("sum", "out", 0),))
    program = builder.program(["in"], ["out"])
    assert permissions(program, program.calls[1]) == {}


def test_loads_of_a_chain() -> None:
    """Step by step: the input, then two neighbours that share all but the distance, then the output."""
    program = chain(64, 30, 100, distance=10)
    assert [load.bytes for load in loads(program)] == [64, 64 + 32 - 20, 32 + 100 - 32, 100]
    assert binding_load(program).step == 1
    assert binding_load(program).live == (("v2", 100), ("v1", 30))
    assert lower_bound(program) == 100


def test_two_inputs_share_no_more_than_the_output_has() -> None:
    builder = Builder()
    for name, size in (("a", 32), ("b", 32), ("sum", 32)):
        builder.value(name, size)
    builder.call(["a", "b"], ["sum"], overlaps=(("a", "sum", 0), ("b", "sum", 0)))
    assert lower_bound(builder.program(["a", "b"], ["sum"])) == 64
