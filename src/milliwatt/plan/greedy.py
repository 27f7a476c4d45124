# SPDX-License-Identifier: Apache-2.0
"""First fit in a handful of well-known orders.

Largest first is the heuristic of TensorFlow Lite Micro's planner; the reverse order of execution suits chains
of diagonal overlaps, where each output lies some bytes below its input.
"""

from __future__ import annotations

from milliwatt.plan.first_fit import first_fit
from milliwatt.plan.planner import Effort, Planner, Solution, lowest
from milliwatt.plan.problem import Problem


def orders(problem: Problem) -> tuple[tuple[int, ...], ...]:
    """The orders that are tried, each a permutation of the movable boxes."""
    boxes = problem.boxes
    crowd = {i: sum(boxes[j].size for j in problem.gaps[i]) for i in problem.movable}
    spans = {i: boxes[i].span for i in problem.movable}
    life = {i: span.last - span.first + 1 for i, span in spans.items()}
    keys = (
        lambda i: (-boxes[i].size, spans[i].first),
        lambda i: (-boxes[i].size * life[i], spans[i].first),
        lambda i: (-life[i], -boxes[i].size),
        lambda i: (-crowd[i] - boxes[i].size, -boxes[i].size),
        lambda i: (-spans[i].first, -spans[i].last),
        lambda i: (-spans[i].last, -spans[i].first),
        lambda i: (spans[i].first, -spans[i].last),
    )
    return tuple(tuple(sorted(problem.movable, key=key)) for key in keys)


def place(problem: Problem, effort: Effort, incumbent: Solution | None) -> Solution:
    """The lowest of the placements, or the incumbent where none is lower. The effort plays no part."""
    del effort
    found = [Solution(tuple(first_fit(problem, order))) for order in orders(problem)]
    return lowest(problem, found if incumbent is None else [incumbent, *found])


PLANNER = Planner(name="greedy", rank=0, place=place)
