# SPDX-License-Identifier: Apache-2.0
"""Every planner that is found, on random programs and on cases whose optimum is known."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests.plan.programs import Builder, chain, programs
from tests.plan.rules import alignments, conflicts, moved, things

from milliwatt.lower.program import Program, Scratch
from milliwatt.plan import Plan, check, lower_bound, plan, planners
from milliwatt.plan.planner import FAST, FULL, Planner

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


def crowded(seed: int = 1) -> Program:
    """Forty calls over values of mixed sizes, each reading up to three recent ones."""
    chance, builder = random.Random(seed), Builder()
    known = [builder.value("in", 400)]
    for step in range(40):
        reads = chance.sample(known[-3:], min(len(known), chance.choice([1, 1, 2, 3])))
        known.append(builder.value(f"v{step}", chance.randint(10, 4000)))
        builder.call(reads, known[-1:])
    return builder.program(["in"], known[-1:])


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
@settings(max_examples=40, deadline=None)
@given(program=programs())
def test_plans_pass_the_checker_and_the_rules(planner: Planner, program: Program) -> None:
    made = planner.plan(program, effort=FAST)
    check(made, program)
    assert not list(conflicts(made))
    assert made.arena_bytes >= lower_bound(program)
    assert made.arena_bytes % 4 == 0
    assert planner.plan(program, effort=FAST) == made


@settings(max_examples=40, deadline=None)
@given(program=programs())
def test_the_best_plan_is_no_larger_than_any_planners(program: Program) -> None:
    best = plan(program)
    assert best.arena_bytes <= min(planner.plan(program).arena_bytes for planner in planners())
    assert lower_bound(best.program) <= best.lower_bound <= best.arena_bytes


def _grid(made: Plan, arena_bytes: int) -> list[range]:
    """The aligned offsets of each thing in an arena of that size."""
    alignment = alignments(made.program)
    return [range(0, arena_bytes - spot.bytes + 1, alignment[key]) for key, spot in things(made).items()]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(program=programs(max_calls=2, max_size=12))
def test_exact_equals_brute_force(program: Program) -> None:
    """No placement on the aligned grid in an arena one word smaller keeps the rules."""
    made = EXACT.plan(program, effort=FULL)
    assert made.lower_bound == made.arena_bytes, "nothing was left open"
    smaller = made.arena_bytes - 4
    grid = _grid(made, smaller)
    assume(math.prod(map(len, grid)) <= 6_000)
    for offsets in itertools.product(*grid):
        candidate = moved(made, dict(zip(things(made), offsets, strict=True)), arena_bytes=smaller)
        assert next(conflicts(candidate), None) is not None


def test_exact_proves_more_than_the_bound_of_the_steps() -> None:
    """Each step of the chain needs 76 bytes, but the distances of two steps add up."""
    program = chain(64, 64, 64, distance=12)
    assert lower_bound(program) == 76
    assert EXACT.plan(program, effort=FAST).lower_bound == 88


def test_search_alone_reaches_the_bound_where_greedy_does_not() -> None:
    """Many values of mixed sizes and lives: the orders that greedy knows all leave holes."""
    program = crowded()
    greedy, search = (next(one for one in planners() if one.name == name) for name in ("greedy", "search"))
    assert greedy.plan(program).arena_bytes > lower_bound(program)
    assert search.plan(program).arena_bytes == lower_bound(program)
