# SPDX-License-Identifier: Apache-2.0
"""The checker's third part: values that lie in the memory of a state variable.

Such a value is there from the call that names it among its outputs to the next call that gets at the variable.
Like `milliwatt.plan.check` it shares no code with the planners.
"""

from __future__ import annotations

from milliwatt.errors import VerificationError
from milliwatt.lower.program import KernelCall, Read, StateArg, Write
from milliwatt.plan.check_claims import place_of
from milliwatt.plan.layout import Plan


def check_states(plan: Plan) -> None:
    """Nobody writes to these values, and whoever reads one finds it, not what a state variable held before or after.

    Raises:
        VerificationError: it is not so.
    """
    holds: dict[str, str] = {}
    program = plan.program
    for value in program.graph.inputs:
        _require(plan, program.buffer_of[value] not in program.state_of, f"input {value!r} lies in state", -1)
    for step, call in enumerate(program.calls):
        for argument in call.arguments:
            if isinstance(argument, Read):
                _require_there(plan, argument.value, holds, step)
            elif isinstance(argument, Write):
                free = program.buffer_of[argument.value] not in program.state_of
                _require(plan, free, f"{argument.value!r} is written, but lies in state", step)
        _update(plan, call, holds)
    for value in program.graph.outputs:
        _require_there(plan, value, holds, len(program.calls))


def _update(plan: Plan, call: KernelCall, holds: dict[str, str]) -> None:
    """What the state variables hold behind a call."""
    program = plan.program
    touched = {argument.state for argument in call.arguments if isinstance(argument, StateArg)}
    for state in touched:
        holds.pop(state, None)
    for value in call.outputs:
        buffer = program.buffer_of.get(value, "")
        home = program.state_of.get(buffer)
        if home is not None and home in touched:
            holds[home] = buffer


def _require_there(plan: Plan, value: str, holds: dict[str, str], step: int) -> None:
    buffer = plan.program.buffer_of[value]
    state = plan.program.state_of.get(buffer)
    there = state is None or holds.get(state) == buffer
    _require(plan, there, f"{value!r} is read, but state {state!r} does not hold it", step)


def _require(plan: Plan, kept: object, otherwise: str, step: int) -> None:
    if not kept:
        raise VerificationError(f"the plan is wrong: {otherwise}", where=place_of(plan, step))
