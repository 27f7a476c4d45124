# SPDX-License-Identifier: Apache-2.0
"""Every planner that is found, on random programs and on cases whose optimum is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import assume, given, settings

from milliwatt.lower.program import Program, Scratch
from milliwatt.plan import Plan, check, lower_bound, plan, planners
from milliwatt.plan.planner import FAST, Effort, Planner
from tests.plan.programs import Builder, chain, programs
from tests.plan.rules import conflicts, moved, things

_PATIENT = Effort(trials=200, inferences=10**9, frontier=1000, beam=10)
EXACT = next(planner for planner in planners() if planner.name == "exact")


def diamond() -> Program:
    """Two branches from one input, joined by an addition that may be done in place of either."""
    builder = Builder()
    for name, size in (("in", 16), ("left", 32), ("right", 32), ("sum", 32)):
        builder.value(name, size)
    builder.call(["in"], ["left"])
    builder.call(["in"], ["right"])
    builder.call(["left", "right"], ["sum"], overlaps=(("left", "sum", 0), ("right", "sum", 0)))
    return builder.program(["in"], ["sum"])


def residual() -> Program:
    """A block whose input lives on beside it: in place is permitted, but only the addition may use it."""
    builder = Builder()
    for name in ("in", "a", "b", "sum"):
        builder.value(name, 64)
    builder.call(["in"], ["a"], overlaps=(("in", "a", 0),))
    builder.call(["a"], ["b"], overlaps=(("a", "b", 0),))
    builder.call(["in", "b"], ["sum"], overlaps=(("in", "sum", 0), ("b", "sum", 0)))
    return builder.program(["in"], ["sum"])


def with_state_and_scratch() -> Program:
    """State that lives throughout and a scratch of 8-byte alignment at one step."""
    builder = Builder()
    builder.value("in", 10)
    builder.value("out", 6)
    builder.state("memory", 20)
    builder.call(["in"], ["out"], scratch=(Scratch(24, "int32_t", 8),), states=("memory",))
    return builder.program(["in"], ["out"])


OPTIMA = {
    "a chain without permission holds two neighbours": (chain(100, 40, 60), 140),
    "a chain in place holds the largest": (chain(64, 64, 64, distance=0), 64),
    "a growing chain in place holds the largest": (chain(16, 32, 64, distance=0), 64),
    "a distance is added below": (chain(64, 64, distance=12), 76),
    "distances add up along a chain": (chain(64, 64, 64, distance=12), 76 + 12),
    "a distance beyond the size is no overlap": (chain(64, 32, distance=1000), 96),
    "a negative distance permits more than it needs": (chain(64, 64, distance=-20), 64),
    "sizes are rounded to words": (chain(5, 5), 16),
    "an addition is done in place": (diamond(), 80),
    "what lives on cannot be overwritten": (residual(), 128),
    "state and scratch lie beside the rest": (with_state_and_scratch(), 20 + 12 + 8 + 24),
}


@pytest.mark.parametrize("case", OPTIMA)
def test_known_optimum(case: str) -> None:
    program, expected = OPTIMA[case]
    best = plan(program)
    assert best.arena_bytes == expected
    assert best.lower_bound <= expected
    assert not list(conflicts(best))


@pytest.mark.parametrize("planner", planners(), ids=lambda planner: planner.name)
@settings(max_examples=60, deadline=None)
@given(program=programs())
def test_plans_pass_the_checker_and_the_rules(planner: Planner, program: Program) -> None:
    made = planner.plan(program, effort=FAST)
    check(made, program)
    assert not list(conflicts(made))
    assert made.arena_bytes >= lower_bound(program)
    assert made.arena_bytes % 4 == 0
    assert planner.plan(program, effort=FAST) == made


@settings(max_examples=60, deadline=None)
@given(program=programs())
def test_the_best_plan_is_no_larger_than_any_planners(program: Program) -> None:
    best = plan(program)
    assert best.arena_bytes <= min(planner.plan(program).arena_bytes for planner in planners())
    assert lower_bound(best.program) <= best.lower_bound <= best.arena_bytes


def _offsets(made: Plan, arena_bytes: int) -> Iterator[tuple[int, ...]]:
    boxes = things(made).values()
    steps = [8 if "scratch" in spot.name else 4 for spot in boxes]
    return itertools.product(
        *(range(0, arena_bytes - spot.bytes + 1, step) for spot, step in zip(boxes, steps, strict=True))
    )


@settings(max_examples=40, deadline=None)
@given(program=programs(max_calls=2, max_size=12))
def test_exact_equals_brute_force(program: Program) -> None:
    """No placement on the word grid in an arena one word smaller keeps the rules."""
    made = EXACT.plan(program, effort=_PATIENT)
    assume(all(kind.dtype.bytes <= 4 for kind in program.graph.values.values()))
    smaller = made.arena_bytes - 4
    sizes = [max(1, (smaller - spot.bytes) // 4 + 1) for spot in things(made).values()]
    space = 1
    for size in sizes:
        space *= size
    assume(space <= 20_000)
    for offsets in _offsets(made, smaller):
        candidate = moved(made, dict(zip(things(made), offsets, strict=True)), arena_bytes=smaller)
        assert next(conflicts(candidate), None) is not None


def test_exact_proves_its_optimum_above_the_lower_bound_of_the_steps() -> None:
    """Three buffers in a ring of times: no step needs all of them, no placement gets by with two places."""
    builder = Builder()
    for name, size in (("in", 4), ("a", 40), ("b", 8), ("c", 40), ("d", 8), ("e", 40), ("out", 4)):
        builder.value(name, size)
    builder.call(["in"], ["a"])
    builder.call(["a"], ["b"])
    builder.call(["b"], ["c"])
    builder.call(["c", "b"], ["d"])
    builder.call(["d"], ["e"])
    builder.call(["e"], ["out"])
    program = builder.program(["in"], ["out"])
    made = EXACT.plan(program, effort=_PATIENT)
    assert made.lower_bound == made.arena_bytes >= lower_bound(program)


def test_planning_is_quick_enough_for_sixty_calls() -> None:
    """Counted in tries, not in seconds: the search and the proof stop at their allowances."""
    assert FAST.trials <= 200
    assert FAST.inferences <= 100_000
