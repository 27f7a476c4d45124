# SPDX-License-Identifier: Apache-2.0
"""Outputs that lie exactly where an input did: the two buffers become one.

A kernel that permits this alone (an ``exact`` overlap) leaves a choice that the placement of boxes does not know:
one address for both, or two places apart. One address mostly saves a buffer, but ties what stands before the call
to what comes behind it; then two buffers can be cheaper. So all are merged at first, and those that are alive
beside what lies higher than any plan must reach are tried apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from milliwatt.lower.program import Program
from milliwatt.plan.layout import Plan
from milliwatt.plan.liveness import liveness
from milliwatt.plan.lower_bound import lower_bound

Pair = tuple[str, str]
"""(buffer read, buffer written)."""


def mergeable(program: Program) -> tuple[Pair, ...]:
    """The pairs of buffers that may become one: the first dies at the call that begins the second."""
    spans = liveness(program)
    pairs: dict[str, Pair] = {}
    for step, call in enumerate(program.calls):
        for overlap in call.overlaps:
            read, write = program.buffer_of[overlap.read], program.buffer_of[overlap.write]
            placed = overlap.exact and read != write and read in spans and write in spans
            if placed and spans[read].last == step == spans[write].first:
                pairs.setdefault(write, (read, write))
    return tuple(pairs.values())


def merged(program: Program, pairs: Sequence[Pair]) -> Program:
    """The program with one buffer instead of two for each pair, named after the first."""
    home = {buffer: buffer for buffer in program.buffer_of.values()}
    for read, write in pairs:
        home = {buffer: home[read] if place == home[write] else place for buffer, place in home.items()}
    return replace(program, buffer_of={value: home[buffer] for value, buffer in program.buffer_of.items()})


def best_merged(program: Program, place: Callable[[Program], Plan]) -> Plan:
    """The smallest plan over choices of pairs to merge."""
    pairs = mergeable(program)
    best = place(merged(program, pairs))
    least = lower_bound(merged(program, pairs))
    while pairs and best.arena_bytes > least:
        beside = [pair for pair in pairs if _beside_top(best, pair, least)]
        trials = [tuple(one for one in pairs if one != pair) for pair in beside]
        plans = [place(merged(program, trial)) for trial in trials]
        found = min(range(len(plans)), key=lambda index: plans[index].arena_bytes, default=None)
        if found is None or plans[found].arena_bytes >= best.arena_bytes:
            break
        best, pairs = plans[found], trials[found]
    return best


def _beside_top(plan: Plan, pair: Pair, least: int) -> bool:
    """Whether the merged buffer is alive together with something that ends above ``least``."""
    spot = plan.buffers[plan.program.buffer_of[pair[0]]]
    return any(
        one.end > least and one.first <= spot.last and spot.first <= one.last
        for one in (*plan.buffers.values(), *plan.scratch.values())
    )
