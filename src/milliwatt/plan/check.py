# SPDX-License-Identifier: Apache-2.0
"""The checker of plans. It shares no code with the planners, only the types that they fill.

It runs the calls on a *shadow* of the arena, which holds for every byte the name of what was last stored
there. A read must find its own name in every byte; a write and a scratch stamp theirs. So it needs no notion
of when a buffer is alive: whatever is overwritten too early is missed by the call that reads it. Within one
call, all that it touches must be disjoint, except where the call permits a distance that the addresses keep.
What the plan claims of itself is compared in `milliwatt.plan.check_claims`; that values in the memory of a state
variable are read only while it holds them, in `milliwatt.plan.check_states`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from milliwatt.errors import VerificationError
from milliwatt.lower.program import KernelCall, Program, StateArg
from milliwatt.plan.check_claims import check_order, check_placements, check_spans, place_of
from milliwatt.plan.check_states import check_states
from milliwatt.plan.layout import Plan

_NOTHING = 0


@dataclass(frozen=True)
class _Area:
    """Bytes [offset, end) that a call touches in one role, and the name of what they hold."""

    role: Literal["read", "write", "state", "scratch"]
    name: str
    content: str
    offset: int
    end: int

    def __str__(self) -> str:
        return f"{self.role} {self.name!r} [{self.offset}, {self.end})"

    def touches(self, other: _Area) -> bool:
        return max(self.offset, other.offset) < min(self.end, other.end)


def check(plan: Plan, program: Program | None = None) -> None:
    """Runs the calls symbolically and compares what they find with what they need.

    Args:
        plan: the plan to check. program: the program from before planning; then also the order of the calls
        is checked: nothing is lost or
            doubled, and accesses to one state variable or one buffer that is written twice keep their order.

    Raises:
        VerificationError: the plan is wrong; the text gives the byte ranges, ``where`` the step and its
        source.
    """
    if program is not None:
        check_order(plan, program)
    check_placements(plan)
    check_spans(plan)
    check_states(plan)
    shadow = _Shadow(plan, _contents(plan.program), np.zeros(plan.arena_bytes, dtype=np.int32))
    shadow.enter()
    for step in range(len(plan.program.calls)):
        shadow.run(step)
    shadow.leave()


@dataclass
class _Shadow:
    """What each byte of the arena holds, as an index into ``names``, and the number of each content."""

    plan: Plan
    contents: Mapping[str, str]
    bytes: npt.NDArray[Any]
    names: list[str] = field(default_factory=lambda: ["nothing yet"])
    number: dict[str, int] = field(default_factory=dict)

    def enter(self) -> None:
        """The caller has initialised all states and filled all inputs; none may have destroyed another."""
        areas = [*self._states(), *(self._area("write", value) for value in self.plan.program.graph.inputs)]
        for area in areas:
            self._stamp(area)
        for area in areas:
            self._require(area, -1)

    def leave(self) -> None:
        """The caller finds all outputs, and the next run all states."""
        outputs = (self._area("read", value) for value in self.plan.program.graph.outputs)
        for area in (*self._states(), *outputs):
            self._require(area, len(self.plan.program.calls))

    def run(self, step: int) -> None:
        """One call: what it reads is there, what it touches is disjoint, what it writes stays."""
        call = self.plan.program.calls[step]
        areas = list(self._areas(call, step))
        for area in areas:
            # A second write may leave parts of the first one as they are, so those must be there.
            if area.role in ("read", "state") or (area.role == "write" and area.content in self.number):
                self._require(area, step)
        for one, other in combinations(areas, 2):
            if one.touches(other) and not _excused(call, one, other):
                raise VerificationError(
                    f"the plan is wrong: {one} and {other} overlap", where=place_of(self.plan, step)
                )
        for role in ("scratch", "write"):
            for area in areas:
                if area.role == role:
                    self._stamp(area)

    def _stamp(self, area: _Area) -> None:
        if area.content not in self.number:
            self.number[area.content] = len(self.names)
            self.names.append(area.content)
        self.bytes[area.offset : area.end] = self.number[area.content]

    def _require(self, area: _Area, step: int) -> None:
        found = self.bytes[area.offset : area.end]
        wrong = np.flatnonzero(found != self.number.get(area.content, -1))
        if wrong.size:
            first, end = area.offset + int(wrong[0]), area.offset + int(wrong[-1]) + 1
            raise VerificationError(
                f"the plan is wrong: {area} should hold {area.content}, but of its bytes [{first}, {end}) "
                f"the first holds {self.names[self.bytes[first]]}",
                where=place_of(self.plan, step),
            )

    def _areas(self, call: KernelCall, step: int) -> Iterator[_Area]:
        for value in call.reads:
            yield self._area("read", value)
        for value in call.writes:
            yield self._area("write", value)
        yield from self._states(a.state for a in call.arguments if isinstance(a, StateArg))
        for index in range(len(call.scratch)):
            spot = self.plan.scratch[step, index]
            yield _Area("scratch", str(index), f"scratch of step {step}", spot.offset, spot.end)

    def _area(self, role: Literal["read", "write"], value: str) -> _Area:
        offset = self.plan.offset_of(value)
        return _Area(
            role, value, self.contents[value], offset, offset + self.plan.program.type_of(value).bytes
        )

    def _states(self, names: Iterator[str] | None = None) -> Iterator[_Area]:
        for name in self.plan.states if names is None else dict.fromkeys(names):
            spot = self.plan.states[name]
            yield _Area("state", name, f"state {name!r}", spot.offset, spot.end)


def _excused(call: KernelCall, one: _Area, other: _Area) -> bool:
    """Whether two areas of one call may overlap as they do."""
    if {one.role, other.role} <= {"read", "write"} and one.content == other.content:
        return True
    if {one.role, other.role} != {"read", "write"}:
        return False
    read, write = (one, other) if one.role == "read" else (other, one)
    return any(
        (overlap.read, overlap.write) == (read.name, write.name)
        and (
            read.offset - write.offset >= overlap.distance
            if not overlap.exact
            else read.offset == write.offset
        )
        for overlap in call.overlaps
    )


def _contents(program: Program) -> dict[str, str]:
    """What the bytes of each value hold: its buffer's one stored value, or of several the one that it views.

    Raises:
        VerificationError: several values are stored in a buffer, and a further one is a view of none of them.
    """
    stored = {*program.graph.inputs, *(value for call in program.calls for value in call.writes)}
    stored_in: dict[str, int] = {}
    for value in stored:
        stored_in[program.buffer_of[value]] = stored_in.get(program.buffer_of[value], 0) + 1
    origin = {node.outputs[0]: node.inputs[0] for node in program.graph.nodes if node.inputs and node.outputs}
    contents: dict[str, str] = {}
    for value, buffer in program.buffer_of.items():
        if buffer in program.state_of:
            contents[value] = f"state {program.state_of[buffer]!r}"
            continue
        if stored_in.get(buffer, 0) <= 1:
            contents[value] = f"buffer {buffer!r}"
            continue
        root: str | None = value
        while root is not None and root not in stored and program.buffer_of.get(root) == buffer:
            root = origin.get(root)
        if root is None or root not in stored or program.buffer_of.get(root) != buffer:
            raise VerificationError(
                f"the plan is wrong: nothing stores {value!r}", where=f"buffer {buffer!r}"
            )
        contents[value] = f"value {root!r}"
    return contents
