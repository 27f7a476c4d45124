# SPDX-License-Identifier: Apache-2.0
"""Order of calls and addresses: `plan` tries every planner, keeps the smallest arena and has it checked.

Imports only the result of lowering; `milliwatt.plan.check` in turn knows none of the planners.
"""

from __future__ import annotations

from typing import Literal

from milliwatt.lower.program import Program
from milliwatt.plan.alignment import ARENA_ALIGNMENT
from milliwatt.plan.budget import over_budget
from milliwatt.plan.check import check
from milliwatt.plan.in_place import best_merged
from milliwatt.plan.json_form import to_json
from milliwatt.plan.layout import Placement, Plan
from milliwatt.plan.liveness import require_buffers
from milliwatt.plan.lower_bound import lower_bound
from milliwatt.plan.memory_map import format_plan
from milliwatt.plan.planner import FAST, FULL, Effort, Solution, planners
from milliwatt.plan.problem import build, to_plan
from milliwatt.plan.reorder import reorder

__all__ = [
    "Placement",
    "Plan",
    "check",
    "format_plan",
    "lower_bound",
    "plan",
    "planners",
    "reorder",
    "to_json",
]


def plan(
    program: Program,
    *,
    budget: int | None = None,
    effort: Literal["fast", "full"] = "fast",
    alignment: int = ARENA_ALIGNMENT,
) -> Plan:
    """The smallest arena that the planners find, checked.

    Args:
        program: the calls, in any order that runs.
        budget: bytes that the arena may have. When "fast" misses it, "full" is tried before giving up.
        effort: "fast" takes a fraction of a second, "full" up to some seconds.
        alignment: that the caller gives the arena, bytes; raised when a scratch needs more.

    Raises:
        BudgetError: no plan within the budget was found.
        InternalError: the program uses a value that lies nowhere.
        VerificationError: the checker found a fault in the plan.
    """
    require_buffers(program)
    best = _best(program, FAST if effort == "fast" else FULL, alignment)
    if budget is not None and best.arena_bytes > budget and effort == "fast":
        best = _best(program, FULL, alignment)
    check(best, program)
    if budget is not None and best.arena_bytes > budget:
        raise over_budget(best, budget)
    return best


def _best(program: Program, effort: Effort, alignment: int) -> Plan:
    """The smallest arena over choices of outputs that take the place of an input."""
    return best_merged(program, lambda variant: _ordered(variant, effort, alignment))


def _ordered(program: Program, effort: Effort, alignment: int) -> Plan:
    """The smallest arena over a better order, where there is one, and the order as it stands."""
    reordered = reorder(program, effort=effort)
    best = _place(reordered, effort, alignment)
    if reordered is not program and lower_bound(program) < best.arena_bytes:
        best = min(_place(program, effort, alignment), best, key=lambda one: one.arena_bytes)
    return best


def _place(program: Program, effort: Effort, alignment: int) -> Plan:
    problem = build(program, alignment=alignment)
    best: Solution | None = None
    name = ""
    for planner in planners():
        if best is not None and (best.optimal or problem.height(best.offsets) <= problem.lower_bound):
            break
        found = planner.place(problem, effort, best)
        if best is None or found.optimal or problem.height(found.offsets) < problem.height(best.offsets):
            best, name = found, planner.name
    offsets = () if best is None else best.offsets
    bound = problem.height(offsets) if best is not None and best.optimal else None
    return to_plan(problem, offsets, planner=name, bound=bound)
