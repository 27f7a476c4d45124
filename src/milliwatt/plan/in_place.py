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
from milliwatt.plan.lower_bound import lower_bound
from milliwatt.plan.parts import Part, parts

Pair = tuple[str, str]
"""(value read, value written)."""


def mergeable(program: Program) -> tuple[Pair, ...]:
    """The pairs of values whose buffers may become one: what lies at the same place is dead when the other begins."""
    pairs: dict[str, Pair] = {}
    for call in program.calls:
        for overlap in call.overlaps:
            pair = (overlap.read, overlap.write)
            if overlap.exact and _joined(program, pair) is not None:
                pairs.setdefault(program.buffer_of[overlap.write], pair)
    return tuple(pairs.values())


def merged(program: Program, pairs: Sequence[Pair]) -> Program:
    """The program with one buffer instead of two for each pair that the ones before it leave possible."""
    for pair in pairs:
        program = _joined(program, pair) or program
    return program


def _joined(program: Program, pair: Pair) -> Program | None:
    """With the buffer of the value written moved to where the two values lie at one place; None where that clashes."""
    read, write = pair
    stays, goes = program.buffer_of[read], program.buffer_of[write]
    if stays == goes or {stays, goes} & program.state_of.keys():
        return None
    shift = program.begin_of.get(read, 0) - program.begin_of.get(write, 0)
    found = parts(program)
    if any(
        _clash(program, one, other, shift, pair)
        for one in found.get(stays, ())
        for other in found.get(goes, ())
    ):
        return None
    moves = {goes: max(shift, 0), stays: max(-shift, 0)}
    begin_of = {
        value: program.begin_of.get(value, 0) + moves.get(buffer, 0)
        for value, buffer in program.buffer_of.items()
    }
    home = {value: stays if buffer == goes else buffer for value, buffer in program.buffer_of.items()}
    return replace(program, buffer_of=home, begin_of={value: at for value, at in begin_of.items() if at})


def _clash(program: Program, one: Part, other: Part, shift: int, pair: Pair) -> bool:
    """Whether two parts would share bytes while both are alive, other than at the call that permits it."""
    if one.end <= other.begin + shift or other.end + shift <= one.begin or not one.span.meets(other.span):
        return False
    if one.span.last != other.span.first:
        return True
    read, write = pair
    at = program.calls[one.span.last] if 0 <= one.span.last < len(program.calls) else None
    permitted = at is not None and any(
        rule.exact and (rule.read, rule.write) == (read, write) for rule in at.overlaps
    )
    return not (permitted and _within(program, one, read) and _within(program, other, write))


def _within(program: Program, part: Part, value: str) -> bool:
    begin, end = program.span_of(value)
    return begin <= part.begin and part.end <= end


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
