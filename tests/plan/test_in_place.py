# SPDX-License-Identifier: Apache-2.0
"""Outputs at exactly the place of an input: merged where that is smaller, apart where it is not, never beside."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from tests.plan.programs import Builder

from milliwatt.errors import VerificationError
from milliwatt.lower.program import Overlap, Program
from milliwatt.plan import check, plan
from milliwatt.plan.in_place import mergeable, merged
from milliwatt.plan.overlap import permissions


def with_exact(program: Program, pairs: dict[str, str]) -> Program:
    """The program whose calls permit the outputs (keys) to lie where an input (value) does."""
    calls = tuple(
        replace(
            call,
            overlaps=tuple(
                Overlap(pairs[name], name, 0, exact=True) for name in call.writes if name in pairs
            ),
        )
        if not call.overlaps
        else call
        for call in program.calls
    )
    return replace(program, calls=calls)


def line(*sizes: int) -> Program:
    """A chain of values a, b, c, … of these sizes, each made from the one before."""
    builder = Builder()
    names = [builder.value(chr(ord("a") + index), size) for index, size in enumerate(sizes)]
    for source, target in itertools.pairwise(names):
        builder.call([source], [target])
    return builder.program(names[:1], names[-1:])


def test_two_buffers_become_one() -> None:
    program = with_exact(line(100, 400, 400, 100), {"c": "b"})
    assert mergeable(program) == (("b", "c"),)
    placed = plan(program)
    assert placed.offset_of("b") == placed.offset_of("c")
    assert placed.arena_bytes == 500


def test_several_in_a_row() -> None:
    program = with_exact(line(200, 200, 200), {"b": "a", "c": "b"})
    assert plan(program).arena_bytes == 200
    assert set(merged(program, mergeable(program)).buffer_of.values()) == {"a"}


def test_what_is_read_later_stays() -> None:
    builder = Builder()
    for name in ("in", "a", "sum"):
        builder.value(name, 64)
    builder.call(["in"], ["a"])
    builder.call(["in", "a"], ["sum"])
    program = with_exact(builder.program(["in"], ["sum"]), {"a": "in"})
    assert mergeable(program) == ()
    assert plan(program).arena_bytes == 192


def test_apart_where_that_is_smaller() -> None:
    """The output must end far above where the input began: one address for both would push the input up."""
    builder = Builder()
    for name, size in (("in", 300), ("a", 200), ("b", 200), ("out", 400)):
        builder.value(name, size)
    builder.call(["in"], ["a"], overlaps=(("in", "a", 0),))
    builder.call(["a"], ["b"])
    builder.call(["b"], ["out"], overlaps=(("b", "out", 200),))
    program = with_exact(builder.program(["in"], ["out"]), {"b": "a"})
    together = merged(program, mergeable(program))
    assert plan(replace(together, calls=tuple(replace(call) for call in together.calls))).arena_bytes == 500
    assert plan(program).arena_bytes == 400


def test_planners_do_not_see_it_and_the_checker_demands_the_very_place() -> None:
    program = with_exact(line(100, 100), {"b": "a"})
    (call,) = program.calls
    assert permissions(program, call) == {}
    placed = plan(program)
    check(placed)
    apart = plan(line(100, 100))
    shifted = replace(
        apart,
        program=program,
        buffers={
            **apart.buffers,
            "a": replace(apart.buffers["a"], offset=8),
            "b": replace(apart.buffers["b"], offset=0),
        },
    )
    with pytest.raises(VerificationError, match="overlap"):
        check(shifted)


def test_apart_though_something_else_is_at_the_top() -> None:
    """What must come apart lies below the top, which another step holds."""
    builder = Builder()
    for name, size in (("in", 300), ("a", 200), ("b", 200), ("out", 400), ("end", 100)):
        builder.value(name, size)
    builder.call(["in"], ["a"], overlaps=(("in", "a", 0),))
    builder.call(["a"], ["b"])
    builder.call(["b"], ["out"], overlaps=(("b", "out", 200),))
    builder.call(["out"], ["end"], overlaps=(("out", "end", 4),))
    program = with_exact(builder.program(["in"], ["end"]), {"b": "a"})
    assert plan(program).arena_bytes == 404
