# SPDX-License-Identifier: Apache-2.0
"""A plan as a picture: one row per step, addresses to the right, one letter per buffer."""

from __future__ import annotations

import string
from collections.abc import Sequence

from milliwatt.plan.layout import Placement, Plan

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
_FREE, _SHARED, _SCRATCH, _STATE = "·", "▓", "*", "="
_NAME_WIDTH = 48


def format_plan(plan: Plan, *, width: int = 64) -> str:
    """The memory map of a plan.

    Args:
        plan: the plan.
        width: characters for the whole arena. Each stands for ``arena_bytes / width`` bytes and shows what
            holds the middle one; a thing that holds no middle byte is shown where it starts. ``▓`` is held by
            two things: they share the bytes, or are too small to be told apart.
    """
    label_width = max((len(call.kernel) for call in plan.program.calls), default=0)
    label_width = max(label_width, len("(outputs)"))
    held = _with_letters(plan)
    lines = [_title(plan), f"{'step':>5} {'kernel':{label_width}} 0{plan.arena_bytes:>{max(1, width - 1)}}"]
    for step in range(-1, len(plan.program.calls) + 1):
        number, label = _label(plan, step)
        lines.append(f"{number:>5} {label:{label_width}} {_row(held, step, plan.arena_bytes, width)}")
    return "\n".join([*lines, *_legend(held)])


def _title(plan: Plan) -> str:
    spare = plan.arena_bytes - plan.lower_bound
    verdict = "no plan of this order can be smaller" if spare == 0 else f"{spare} above the lower bound"
    return (
        f"arena {plan.arena_bytes} bytes (lower bound {plan.lower_bound}: {verdict}), "
        f"{len(plan.program.calls)} steps, planner {plan.planner}"
    )


def _label(plan: Plan, step: int) -> tuple[str, str]:
    if step < 0:
        return "", "(inputs)"
    if step == len(plan.program.calls):
        return "", "(outputs)"
    return str(step), plan.program.calls[step].kernel


def _with_letters(plan: Plan) -> list[tuple[str, Placement]]:
    buffers = sorted(plan.buffers.values(), key=lambda spot: (spot.first, spot.offset))
    return [
        *((_STATE, spot) for spot in plan.states.values()),
        *((_SCRATCH, spot) for spot in plan.scratch.values()),
        *((_LETTERS[index % len(_LETTERS)], spot) for index, spot in enumerate(buffers)),
    ]


def _row(held: Sequence[tuple[str, Placement]], step: int, arena_bytes: int, width: int) -> str:
    row = [_FREE] * width
    for letter, spot in held:
        if spot.first <= step <= spot.last:
            for column in _columns(spot, arena_bytes, width):
                row[column] = letter if row[column] == _FREE else _SHARED
    return "".join(row)


def _columns(spot: Placement, arena_bytes: int, width: int) -> range:
    """The characters whose middle byte is held, so that neighbours never meet in one; at least one."""
    if spot.bytes == 0:
        return range(0)
    first = (2 * spot.offset * width + arena_bytes - 1) // (2 * arena_bytes)
    last = (2 * spot.end * width + arena_bytes - 1) // (2 * arena_bytes)
    if first >= last:
        first = spot.offset * width // arena_bytes
        last = first + 1
    return range(first, last)


def _legend(held: Sequence[tuple[str, Placement]]) -> list[str]:
    lines = []
    for letter, spot in held:
        steps = f"{spot.first}…{spot.last}"
        lines.append(
            f"  {letter} {spot.offset:>8} … {spot.end:<8} {spot.bytes:>8} bytes  steps {steps:9} {shortened(spot.name)}"
        )
    return lines


def shortened(name: str) -> str:
    """A name of the user's model cut to one column of a table."""
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"
