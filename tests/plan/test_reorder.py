# SPDX-License-Identifier: Apache-2.0
"""Reordering: least peak over all orders, and nothing that the graph's meaning needs is swapped."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.plan.programs import Builder, programs

from milliwatt.errors import VerificationError
from milliwatt.lower.program import Program, StateArg
from milliwatt.plan import check, lower_bound, plan, reorder
from milliwatt.plan.check_claims import check_order
from milliwatt.plan.planner import FULL, Effort


def _orders(program: Program) -> Iterator[Program]:
    """Every order of the calls in which values are made before they are read and states keep their order."""
    for order in itertools.permutations(range(len(program.calls))):
        made = set(program.graph.inputs)
        buffers = {program.buffer_of[value] for value in made}
        position = {index: step for step, index in enumerate(order)}
        good = True
        for index in order:
            call = program.calls[index]
            good &= all(program.buffer_of[value] in buffers for value in call.reads)
            buffers |= {program.buffer_of[value] for value in call.writes}
        for state in program.graph.states:
            users = [
                position[index]
                for index, call in enumerate(program.calls)
                if any(
                    isinstance(argument, StateArg) and argument.state == state.name
                    for argument in call.arguments
                )
            ]
            good &= users == sorted(users)
        if good:
            yield replace(program, calls=tuple(program.calls[index] for index in order))


@settings(max_examples=60, deadline=None)
@given(program=programs(max_calls=5))
def test_finds_the_least_peak_of_all_orders(program: Program) -> None:
    assert lower_bound(reorder(program, effort=FULL)) == min(lower_bound(other) for other in _orders(program))


@settings(max_examples=60, deadline=None)
@given(program=programs(max_calls=10))
def test_a_beam_keeps_the_meaning_and_never_worsens(program: Program) -> None:
    narrow = Effort(trials=1, inferences=1, frontier=0, beam=2)
    reordered = reorder(program, effort=narrow)
    assert lower_bound(reordered) <= lower_bound(program)
    check(plan(reordered), program)


def fan() -> Program:
    """Four large values, each reduced to a small one; written breadth first they are all alive at once."""
    builder = Builder()
    builder.value("in", 4)
    for branch in range(4):
        builder.value(f"large{branch}", 100)
        builder.value(f"small{branch}", 4)
    builder.value("out", 4)
    for branch in range(4):
        builder.call(["in"], [f"large{branch}"])
    for branch in range(4):
        builder.call([f"large{branch}"], [f"small{branch}"])
    builder.call([f"small{branch}" for branch in range(4)], ["out"])
    return builder.program(["in"], ["out"])


def test_goes_depth_first_through_a_fan() -> None:
    made = plan(fan())
    assert lower_bound(fan()) == 404
    assert made.arena_bytes == made.lower_bound == 116
    large_first = [call.outputs[0][:5] for call in made.program.calls[:4]]
    assert large_first == ["large", "small", "large", "small"]


def test_the_order_stays_where_nothing_is_won() -> None:
    builder = Builder()
    for name in ("in", "a", "b", "out"):
        builder.value(name, 8)
    builder.call(["in"], ["a"])
    builder.call(["in"], ["b"])
    builder.call(["a", "b"], ["out"])
    program = builder.program(["in"], ["out"])
    assert reorder(program) is program


def test_second_writes_keep_their_place() -> None:
    """A value that is written, read and written again: the reader stays between."""
    builder = Builder()
    for name, size in (("in", 4), ("buffer", 40), ("early", 40), ("late", 4)):
        builder.value(name, size)
    builder.call(["in"], ["buffer"])
    builder.call(["buffer"], ["early"])
    builder.call(["in"], ["buffer"])
    builder.call(["buffer"], ["late"])
    program = builder.program(["in"], ["early", "late"])
    assert [call.source for call in reorder(program, effort=FULL).calls] == [f"layer {i}" for i in range(4)]
    swapped = replace(program, calls=tuple(program.calls[index] for index in (0, 2, 1, 3)))
    with pytest.raises(VerificationError, match="another order"):
        check_order(plan(swapped), program)
