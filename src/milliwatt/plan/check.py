# SPDX-License-Identifier: Apache-2.0
"""The checker of plans. It shares no code with the planners, only the types that they fill.

It runs the calls on a *shadow* of the arena, which holds for every byte what was last stored there: the name of
a value, and which byte of it. A read must find its own bytes; a write and a scratch stamp theirs. So it needs no
notion of when a buffer is alive: whatever is overwritten too early is missed by the call that reads it. Which
bytes a value has that no call stores, follows from the operator that makes it (`milliwatt.plan.check_contents`).
Within one call, all that it touches must be disjoint, except where the call permits a distance that the addresses
keep. What the plan claims of itself is compared in `milliwatt.plan.check_claims`; that values in the memory of a
state variable are read only while it holds them, in `milliwatt.plan.check_states`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np

from milliwatt.errors import VerificationError
from milliwatt.lower.program import KernelCall, Overlap, Program, StateArg
from milliwatt.plan.check_claims import check_order, check_placements, check_spans, place_of
from milliwatt.plan.check_contents import Contents, Stamps
from milliwatt.plan.check_states import check_states
from milliwatt.plan.layout import Plan


@dataclass(frozen=True)
class _Area:
    """Bytes [offset, end) that a call touches in one role, and the name of what they hold."""

    role: Literal["read", "write", "state", "scratch"]
    name: str
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
    shadow = _Shadow(plan, Contents(plan.program), np.zeros(plan.arena_bytes, dtype=np.int64))
    shadow.enter()
    for step in range(len(plan.program.calls)):
        shadow.run(step)
    shadow.leave()


@dataclass
class _Shadow:
    """What each byte of the arena holds, as `Contents` numbers bytes; ``written`` are the values that are there."""

    plan: Plan
    contents: Contents
    bytes: Stamps
    written: set[str] = field(default_factory=set)

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
            if area.role in ("read", "state") or (area.role == "write" and area.name in self.written):
                self._require(area, step)
        for one, other in combinations(areas, 2):
            if one.touches(other) and not self._excused(call, one, other):
                raise VerificationError(
                    f"the plan is wrong: {one} and {other} overlap", where=place_of(self.plan, step)
                )
        for role in ("scratch", "write"):
            for area in areas:
                if area.role == role:
                    self._stamp(area)

    def _stamp(self, area: _Area) -> None:
        if area.role == "write":
            self.written.add(area.name)
        self.bytes[area.offset : area.end] = self._expected(area)

    def _require(self, area: _Area, step: int) -> None:
        found, expected = self.bytes[area.offset : area.end], self._expected(area)
        wrong = np.flatnonzero(found != expected)
        if wrong.size:
            first, end = int(wrong[0]), int(wrong[-1]) + 1
            wanted, held = (self.contents.described(int(side[first])) for side in (expected, found))
            raise VerificationError(
                f"the plan is wrong: {area} should hold {wanted}, but of its bytes "
                f"[{area.offset + first}, {area.offset + end}) the first holds {held}",
                where=place_of(self.plan, step),
            )

    def _expected(self, area: _Area) -> Stamps:
        if area.role in ("read", "write"):
            return self.contents.of_value(area.name)
        return self.contents.fresh(f"{area.role} {area.name!r}", area.end - area.offset)

    def _areas(self, call: KernelCall, step: int) -> Iterator[_Area]:
        for value in call.reads:
            yield self._area("read", value)
        for value in call.writes:
            yield self._area("write", value)
        yield from self._states(a.state for a in call.arguments if isinstance(a, StateArg))
        for index in range(len(call.scratch)):
            spot = self.plan.scratch[step, index]
            yield _Area("scratch", f"{index} of step {step}", spot.offset, spot.end)

    def _area(self, role: Literal["read", "write"], value: str) -> _Area:
        offset = self.plan.offset_of(value)
        return _Area(role, value, offset, offset + self.plan.program.type_of(value).bytes)

    def _states(self, names: Iterator[str] | None = None) -> Iterator[_Area]:
        for name in self.plan.states if names is None else dict.fromkeys(names):
            spot = self.plan.states[name]
            yield _Area("state", name, spot.offset, spot.end)

    def _excused(self, call: KernelCall, one: _Area, other: _Area) -> bool:
        """Whether two areas of one call may overlap as they do."""
        if {one.role, other.role} == {"read"}:
            return True
        if {one.role, other.role} != {"read", "write"}:
            return False
        read, write = (one, other) if one.role == "read" else (other, one)
        if np.array_equal(self.contents.of_value(read.name), self.contents.of_value(write.name)):
            return True
        return any(_permits(overlap, read, write) for overlap in call.overlaps)


def _permits(overlap: Overlap, read: _Area, write: _Area) -> bool:
    if (overlap.read, overlap.write) != (read.name, write.name):
        return False
    distance = read.offset - write.offset
    return distance == 0 if overlap.exact else distance >= overlap.distance
