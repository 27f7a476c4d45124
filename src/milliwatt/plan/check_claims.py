# SPDX-License-Identifier: Apache-2.0
"""The checker's second half, what a plan says of itself: order of calls, sizes, alignment, steps.

Like `milliwatt.plan.check` it shares no code with the planners.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

from milliwatt.errors import VerificationError
from milliwatt.lower.program import KernelCall, Program, Read, Scratch, StateArg, Write
from milliwatt.plan.layout import Placement, Plan


def place_of(plan: Plan, step: int) -> str:
    """A step in the user's words."""
    calls = plan.program.calls
    if not 0 <= step < len(calls):
        return "before the first step" if step < 0 else "after the last step"
    call = calls[step]
    return f"step {step}, {call.kernel}, {call.source or ', '.join(call.outputs)}"


def check_order(plan: Plan, program: Program) -> None:
    """The plan runs exactly the program's calls; each write keeps its place among the accesses to its bytes.

    Raises:
        VerificationError: a call is lost or doubled, or two accesses are swapped of which one is a write.
    """
    places: dict[int, list[int]] = {}
    for index, call in enumerate(program.calls):
        places.setdefault(id(call), []).append(index)
    order = [places[id(call)].pop(0) if places.get(id(call)) else -1 for call in plan.program.calls]
    if sorted(order) != list(range(len(program.calls))):
        raise VerificationError("the plan is wrong: its calls are not those of the program")
    accesses: dict[str, list[tuple[int, int, _Access]]] = {}
    for step, index in enumerate(order):
        for access in _accesses(program, program.calls[index]):
            accesses.setdefault(access.name, []).append((step, index, access))
    for name, found in accesses.items():
        for (_, index, access), (step, later_index, later) in combinations(found, 2):
            if index > later_index and access.binds(later):
                raise VerificationError(
                    f"the plan is wrong: {name} is accessed in another order than in the program",
                    where=place_of(plan, step),
                )


class _Access(NamedTuple):
    """Bytes [begin, end) of a buffer or a state that a call touches."""

    name: str
    begin: int
    end: int
    writes: bool

    def binds(self, other: _Access) -> bool:
        """Whether the two may not be swapped."""
        return (self.writes or other.writes) and max(self.begin, other.begin) < min(self.end, other.end)


def _accesses(program: Program, call: KernelCall) -> Iterator[_Access]:
    for argument in call.arguments:
        if isinstance(argument, StateArg):
            size = max(1, program.graph.state(argument.state).type.bytes)
            yield _Access(f"state {argument.state!r}", 0, size, writes=True)
        elif isinstance(argument, Read | Write):
            begin = program.begin_of.get(argument.value, 0)
            end = begin + max(1, program.type_of(argument.value).bytes)
            buffer = program.buffer_of[argument.value]
            state = program.state_of.get(buffer)
            name = f"buffer {buffer!r}" if state is None else f"state {state!r}"
            yield _Access(name, begin, end, writes=isinstance(argument, Write))


def check_placements(plan: Plan) -> None:
    """Everything has its place, large enough, in the arena and aligned for every pointer to it.

    Raises:
        VerificationError: it has not.
    """
    for place, what, needed, alignment, spot in _pointers(plan):
        if spot is None:
            raise VerificationError(f"the plan is wrong: {what} has no address", where=place)
        if spot.bytes < needed:
            raise VerificationError(
                f"the plan is wrong: {what} needs {needed} bytes and has [{spot.offset}, {spot.end})",
                where=place,
            )
        if spot.offset < 0 or spot.end > plan.arena_bytes:
            raise VerificationError(
                f"the plan is wrong: {what} [{spot.offset}, {spot.end}) leaves the arena of "
                f"{plan.arena_bytes} bytes",
                where=place,
            )
        if spot.offset % alignment or plan.alignment % alignment:
            raise VerificationError(
                f"the plan is wrong: {what} at offset {spot.offset} of an arena aligned to {plan.alignment} "
                f"bytes needs an alignment of {alignment}",
                where=place,
            )


_Pointer = tuple[str, str, int, int, Placement | None]
"""Place in the model, what is pointed to, bytes needed, alignment needed, the placement."""


def _pointers(plan: Plan) -> Iterator[_Pointer]:
    program = plan.program
    for step, call in enumerate(program.calls):
        place, piece = place_of(plan, step), 0
        for argument in call.arguments:
            if isinstance(argument, Read | Write):
                yield _value_pointer(plan, argument.value, place, _width(argument.c_type))
            elif isinstance(argument, StateArg):
                spot, size = plan.states.get(argument.state), program.graph.state(argument.state).type.bytes
                yield place, f"state {argument.state!r}", size, _width(argument.c_type), spot
            elif isinstance(argument, Scratch):
                alignment = max(argument.alignment, _width(argument.c_type))
                yield place, f"scratch {piece}", argument.bytes, alignment, plan.scratch.get((step, piece))
                piece += 1
    for state in program.graph.states:
        yield "the caller", f"state {state.name!r}", state.type.bytes, 1, plan.states.get(state.name)
    for value in (*program.graph.inputs, *program.graph.outputs):
        yield _value_pointer(plan, value, "the caller", program.type_of(value).dtype.bytes)


def _value_pointer(plan: Plan, value: str, place: str, alignment: int) -> _Pointer:
    buffer = plan.program.buffer_of.get(value, "")
    state = plan.program.state_of.get(buffer)
    spot = plan.buffers.get(buffer) if state is None else plan.states.get(state)
    if spot is not None:
        begin = plan.program.begin_of.get(value, 0)
        spot = replace(spot, offset=spot.offset + begin, bytes=spot.bytes - begin)
    return place, f"value {value!r}", plan.program.type_of(value).bytes, alignment, spot


def _width(c_type: str) -> int:
    """Bytes of a C element type: its digits divided by eight."""
    digits = re.search(r"\d+", c_type)
    if digits:
        return int(digits.group()) // 8
    return {"float": 4, "double": 8}.get(c_type.split()[-1], 1)


def check_spans(plan: Plan) -> None:
    """The steps for which each placement is said to be held are those at which it is used.

    Raises:
        VerificationError: they are not.
    """
    end = len(plan.program.calls)
    for name, spot in plan.buffers.items():
        _compare(plan, f"buffer {name!r}", spot, set(_uses(plan.program, name)))
    for name, spot in plan.states.items():
        _compare(plan, f"state {name!r}", spot, {-1, end})
    for (step, index), spot in plan.scratch.items():
        _compare(plan, f"scratch {index} of step {step}", spot, {step})


def _compare(plan: Plan, what: str, spot: Placement, used: set[int]) -> None:
    if used and (min(used), max(used)) != (spot.first, spot.last):
        raise VerificationError(
            f"the plan is wrong: {what} [{spot.offset}, {spot.end}) is said to be held for steps "
            f"{spot.first} to {spot.last}, but is used from {min(used)} to {max(used)}",
            where=place_of(plan, spot.first),
        )


def _uses(program: Program, buffer: str) -> Iterator[int]:
    members = {value for value, home in program.buffer_of.items() if home == buffer}
    if members.intersection(program.graph.inputs):
        yield -1
    for step, call in enumerate(program.calls):
        if any(isinstance(a, Read | Write) and a.value in members for a in call.arguments):
            yield step
    if members.intersection(program.graph.outputs):
        yield len(program.calls)
