# SPDX-License-Identifier: Apache-2.0
"""From the fastest kernels everywhere down to the smallest arena, one binding step at a time.

Scratch at a step far below the arena's peak is free, so kernels are not weighed one by one: the walk starts
with the fastest candidate at every place and asks the planner. Only at the step that binds the arena does it
take the fastest candidate that needs fewer bytes there. What it passes is a front of arena against time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from milliwatt.lower.alternatives import Alternatives, Calls
from milliwatt.lower.program import Program
from milliwatt.plan import plan
from milliwatt.plan.lower_bound import binding_load, loads


class Timed(Protocol):
    """A measured cost."""

    @property
    def time(self) -> float:
        """Cycles, or instructions."""


class Measure(Protocol):
    """Measures candidates: see `milliwatt.fit.measured_cost`."""

    def bound(self, program: Program, calls: Calls) -> Timed:
        """A quick cost, not above the exact one."""

    def exact(self, program: Program, calls: Calls) -> Timed:
        """The cost."""


@dataclass(frozen=True)
class Point:
    """One choice of kernels.

    Attributes:
        chosen: the candidate at each place.
        arena: bytes of its best plan.
        time: the sum of all places that have a choice.
    """

    chosen: tuple[int, ...]
    arena: int
    time: float


class Descent:
    """Walks from the fastest program to the smallest.

    Args:
        alternatives: what there is to choose.
        measure: what candidates cost; asked only where a place has more than one, and for the exact cost only
            where the quick bound leaves a candidate in the race.
        in_bands: for graphs of many nodes that repeat others: nodes that do the same take the same kernel, the arena
            is the bound of the order as it stands instead of a plan's, and the time is that of all places.
    """

    def __init__(self, alternatives: Alternatives, measure: Measure, *, in_bands: bool = False) -> None:
        self._alternatives = alternatives
        self._measure = measure
        self._in_bands = in_bands
        self._needs = _needs(alternatives)
        places = enumerate(alternatives.places)
        self._first = [
            index if place.repeats is None or not in_bands else place.repeats for index, place in places
        ]

    def walk(self) -> Iterator[Point]:
        """Points from the fastest on, each with a smaller need at the step that bound the one before."""
        places = range(len(self._alternatives.places))
        chosen = [self._fastest(place, range(len(self._needs[place]))) for place in self._first]
        while True:
            program = self._alternatives.program(chosen)
            placed = None if self._in_bands else plan(program)
            program = program if placed is None else placed.program
            load = binding_load(program)
            arena = load.bytes if placed is None else placed.arena_bytes
            yield Point(tuple(chosen), arena, sum(self._time(i, chosen[i]) for i in places))
            place = self._binding_place(program, chosen, load.step)
            if place is None:
                return
            needs = self._needs[place]
            smaller = [index for index, need in enumerate(needs) if need < needs[chosen[place]]]
            if not smaller:
                return
            index = self._fastest(place, smaller)
            alike = self._first[place]
            chosen = [index if self._first[i] == alike else chosen[i] for i in places]

    def _calls(self, place: int, index: int) -> Calls:
        return self._alternatives.places[self._first[place]].candidates[index]

    def _time(self, place: int, index: int) -> float:
        if len(self._alternatives.places[place].candidates) == 1 and not self._in_bands:
            return 0.0
        return self._measure.exact(self._alternatives.empty, self._calls(place, index)).time

    def _bound(self, place: int, index: int) -> float:
        return self._measure.bound(self._alternatives.empty, self._calls(place, index)).time

    def _fastest(self, place: int, among: Sequence[int]) -> int:
        """The fastest of some candidates, of those that tie the one with the least need, then the first."""
        if len(among) == 1:
            return among[0]
        best = (float("inf"), 0, among[0])
        for bound, index in sorted((self._bound(place, index), index) for index in among):
            if bound > best[0]:
                break
            best = min(best, (self._time(place, index), self._needs[place][index], index))
        return best[2]

    def _binding_place(self, program: Program, chosen: Sequence[int], step: int) -> int | None:
        """The place of the step that needs most; None when the graph's inputs or outputs do."""
        if not 0 <= step < len(program.calls):
            return None
        binding = program.calls[step]
        return next(
            place
            for place, index in enumerate(chosen)
            if any(call is binding for call in self._alternatives.places[place].candidates[index])
        )


def _needs(alternatives: Alternatives) -> list[list[int]]:
    """Bytes that each candidate of each place needs at its steps, in the graph's order of execution.

    A step's need depends on no other choice: scratch lives for one step, and overlaps are permitted by one call.
    """
    counts = [len(place.candidates) for place in alternatives.places]
    needs: list[list[int]] = [[] for _ in counts]
    for index in range(max(counts, default=0)):
        chosen = [min(index, count - 1) for count in counts]
        by_step = [load.bytes for load in loads(alternatives.program(chosen))][1:-1]
        for place, at_place in enumerate(chosen):
            steps = len(alternatives.places[place].candidates[at_place])
            if index < counts[place]:
                needs[place].append(max(by_step[:steps]))
            del by_step[:steps]
    return needs
