# SPDX-License-Identifier: Apache-2.0
"""What to tell a user whose arena is too small."""

from __future__ import annotations

from milliwatt.errors import BudgetError
from milliwatt.plan.layout import Plan
from milliwatt.plan.lower_bound import Load, binding_load
from milliwatt.plan.memory_map import shortened

_LISTED = 6


def over_budget(plan: Plan, budget: int) -> BudgetError:
    """The error for a plan larger than ``budget`` bytes: the binding step, what lives there, what fits."""
    load = binding_load(plan.program)
    if plan.lower_bound > budget:
        verdict = f"no plan for this order of calls goes below {plan.lower_bound}"
    else:
        verdict = f"the best plan found needs {plan.arena_bytes}"
    return BudgetError(
        f"the arena may have {budget} bytes, but {verdict}",
        where=f"{_place(plan, load)}, which needs {load.bytes} bytes: {_live_set(load)}",
        hint=f"the nearest arena that fits has {plan.arena_bytes} bytes; a smaller or earlier-striding layer "
        "there is what lowers it",
    )


def _place(plan: Plan, load: Load) -> str:
    if load.step < 0:
        return "the graph's inputs"
    if load.step >= len(plan.program.calls):
        return "the graph's outputs"
    call = plan.program.calls[load.step]
    return f"{call.source or f'{call.op} {call.outputs}'} (step {load.step})"


def _live_set(load: Load) -> str:
    listed = [f"{shortened(name)} {size}" for name, size in load.live[:_LISTED]]
    rest = load.live[_LISTED:]
    if rest:
        listed.append(f"{len(rest)} more {sum(size for _, size in rest)}")
    text = " + ".join(listed)
    return f"{text} − {load.shared} shared" if load.shared else text
