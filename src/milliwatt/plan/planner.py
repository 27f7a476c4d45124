# SPDX-License-Identifier: Apache-2.0
"""What a planner is, and how the planners of this package are found."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import milliwatt.plan as package
from milliwatt.lower.program import Program
from milliwatt.plan.alignment import ARENA_ALIGNMENT
from milliwatt.plan.layout import Plan
from milliwatt.plan.problem import Problem, build, to_plan


@dataclass(frozen=True)
class Effort:
    """How much a planner may try. All are counts, never seconds, so that results are the same everywhere.

    Attributes:
        trials: placement orders that the local search evaluates.
        inferences: pairs that the exact search looks at.
        frontier: sets of finished calls that reordering looks at before it narrows to a beam.
        beam: sets of finished calls that the beam keeps per step.
    """

    trials: int
    inferences: int
    frontier: int
    beam: int


FAST = Effort(trials=480, inferences=60_000, frontier=1_500, beam=12)
FULL = Effort(trials=4_000, inferences=4_000_000, frontier=60_000, beam=200)


@dataclass(frozen=True)
class Solution:
    """Offsets of all boxes, and whether it is proven that no placement is lower."""

    offsets: tuple[int, ...]
    optimal: bool = False


Place = Callable[[Problem, Effort, Solution | None], Solution]
"""(problem, effort, the best placement known so far or None) -> a placement, at least as good as that one."""


@dataclass(frozen=True)
class Planner:
    """A way to choose addresses. A module of this package that has a ``PLANNER`` is found by `planners`.

    Attributes:
        name: for reports.
        rank: planners run in ascending rank, cheap ones first, until the lower bound is reached.
        place: chooses the offsets.
    """

    name: str
    rank: int
    place: Place

    def plan(self, program: Program, *, alignment: int = ARENA_ALIGNMENT, effort: Effort = FAST) -> Plan:
        """Plans a program with this planner alone, in the order in which its calls stand. Unchecked."""
        problem = build(program, alignment=alignment)
        solution = self.place(problem, effort, None)
        bound = problem.height(solution.offsets) if solution.optimal else None
        return to_plan(problem, solution.offsets, planner=self.name, bound=bound)


@functools.cache
def planners() -> tuple[Planner, ...]:
    """Every planner of this package by ascending rank."""
    found = [
        getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "PLANNER", None)
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return tuple(
        sorted((one for one in found if isinstance(one, Planner)), key=lambda one: (one.rank, one.name))
    )


def lowest(problem: Problem, candidates: Sequence[Solution]) -> Solution:
    """The first of the lowest placements."""
    return min(candidates, key=lambda one: problem.height(one.offsets))
