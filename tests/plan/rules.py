# SPDX-License-Identifier: Apache-2.0
"""The rules of placement written a second time, by pairs and steps, for judging planners and the checker."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from milliwatt.lower.program import Program
from milliwatt.plan.layout import Placement, Plan

Key = tuple[str, object]


def things(plan: Plan) -> dict[Key, Placement]:
    """Everything placed, by kind and key."""
    return {
        **{("buffer", name): spot for name, spot in plan.buffers.items()},
        **{("state", name): spot for name, spot in plan.states.items()},
        **{("scratch", key): spot for key, spot in plan.scratch.items()},
    }


def moved(plan: Plan, offsets: dict[Key, int], *, arena_bytes: int | None = None) -> Plan:
    """The plan with other offsets."""
    spots = {key: replace(spot, offset=offsets.get(key, spot.offset)) for key, spot in things(plan).items()}
    return replace(
        plan,
        buffers={name: spot for (kind, name), spot in spots.items() if kind == "buffer"},
        states={name: spot for (kind, name), spot in spots.items() if kind == "state"},
        scratch={name: spot for (kind, name), spot in spots.items() if kind == "scratch"},
        arena_bytes=plan.arena_bytes if arena_bytes is None else arena_bytes,
    )


def alive(program: Program) -> dict[Key, set[int]]:
    """The set of steps at which each thing holds something."""
    steps: dict[Key, set[int]] = {}
    count = len(program.calls)
    for value, buffer in program.buffer_of.items():
        uses = {-1} if value in program.graph.inputs else set()
        uses |= {count} if value in program.graph.outputs else set()
        uses |= {i for i, call in enumerate(program.calls) if value in call.reads or value in call.writes}
        steps.setdefault(("buffer", buffer), set()).update(uses)
    spans = {key: set(range(min(uses), max(uses) + 1)) for key, uses in steps.items() if uses}
    for state in program.graph.states:
        spans["state", state.name] = set(range(-1, count + 1))
    for step, call in enumerate(program.calls):
        for index in range(len(call.scratch)):
            spans["scratch", (step, index)] = {step}
    return spans


def alignments(program: Program) -> dict[Key, int]:
    """What the offset of each thing must be a multiple of: at least a word."""
    widths = {"int8_t": 1, "int16_t": 2, "int32_t": 4, "int64_t": 8}
    found: dict[Key, int] = {("state", state.name): 4 for state in program.graph.states}
    for value, buffer in program.buffer_of.items():
        key = ("buffer", buffer)
        found[key] = max(found.get(key, 4), widths[program.type_of(value).dtype.c])
    for step, call in enumerate(program.calls):
        for index, piece in enumerate(call.scratch):
            found["scratch", (step, index)] = max(4, piece.alignment)
    return found


def conflicts(plan: Plan) -> Iterator[tuple[Key, Key]]:
    """Pairs that share bytes although they must not."""
    spans, spots = alive(plan.program), things(plan)
    for one, other in itertools.combinations(spans, 2):
        first, second = spots[one], spots[other]
        meet = max(first.offset, second.offset) < min(first.end, second.end)
        if meet and spans[one] & spans[other]:
            excused = _excused(plan, one, other, spans) or _excused(plan, other, one, spans)
            if not excused:
                yield one, other


def _excused(plan: Plan, read: Key, write: Key, spans: dict[Key, set[int]]) -> bool:
    common = spans[read] & spans[write]
    if len(common) != 1 or read[0] != "buffer" or write[0] != "buffer":
        return False
    step = common.pop()
    if not 0 <= step < len(plan.program.calls) or step != max(spans[read]) or step != min(spans[write]):
        return False
    call = plan.program.calls[step]
    home = plan.program.buffer_of
    delta = plan.buffers[str(read[1])].offset - plan.buffers[str(write[1])].offset
    pairs = [(a, b) for a in call.reads for b in call.writes if home[a] == read[1] and home[b] == write[1]]
    return bool(pairs) and all(
        any((o.read, o.write) == pair and delta >= o.distance for o in call.overlaps) for pair in pairs
    )
