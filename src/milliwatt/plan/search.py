# SPDX-License-Identifier: Apache-2.0
"""Simulated annealing over placement orders, each evaluated by first fit.

What is moved is guided by the peak, as in the hill-climbing allocator of Arm's Vela: only a box at the
peak, or one on which it rests directly or indirectly, can lower the peak by coming at another time. The
random numbers have a fixed seed, so the same program gives the same plan.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from milliwatt.plan.first_fit import first_fit
from milliwatt.plan.greedy import orders
from milliwatt.plan.planner import Effort, Planner, Solution, lowest
from milliwatt.plan.problem import Problem

_SEED = 20_240_229
_RESTARTS = 4
_START_TEMPERATURE = 0.02
"""Accepted worsening in the first trials, as a share of the arena."""


def place(problem: Problem, effort: Effort, incumbent: Solution | None) -> Solution:
    """The lowest placement that ``effort.trials`` evaluations find, or the incumbent where none is lower."""
    starts = sorted(orders(problem), key=lambda order: problem.height(first_fit(problem, order)))
    best = Solution(tuple(first_fit(problem, starts[0])))
    best = best if incumbent is None else lowest(problem, [incumbent, best])
    chance = random.Random(_SEED)
    for restart in range(min(_RESTARTS, len(starts))):
        if problem.height(best.offsets) <= problem.lower_bound or len(problem.movable) < 2:
            break
        found = _anneal(problem, starts[restart], effort.trials // _RESTARTS, chance)
        best = lowest(problem, [best, found])
    return best


def _anneal(problem: Problem, start: Sequence[int], trials: int, chance: random.Random) -> Solution:
    order, offsets = list(start), first_fit(problem, start)
    height = problem.height(offsets)
    best, best_height = tuple(offsets), height
    for trial in range(trials):
        if best_height <= problem.lower_bound:
            break
        candidate = _neighbour(problem, order, offsets, chance)
        candidate_offsets = first_fit(problem, candidate)
        candidate_height = problem.height(candidate_offsets)
        temperature = _START_TEMPERATURE * best_height * (1 - trial / trials)
        if _accepted(candidate_height - height, temperature, chance):
            order, offsets, height = candidate, candidate_offsets, candidate_height
        if candidate_height < best_height:
            best, best_height = tuple(candidate_offsets), candidate_height
    return Solution(best)


def _accepted(worse_by: int, temperature: float, chance: random.Random) -> bool:
    return worse_by <= 0 or (temperature > 0 and chance.random() < math.exp(-worse_by / temperature))


def _neighbour(
    problem: Problem, order: list[int], offsets: Sequence[int], chance: random.Random
) -> list[int]:
    """The order with one box of the tower under the peak moved elsewhere, mostly forward."""
    tower = _tower(problem, offsets, chance)
    moved = chance.choice(tower)
    candidate = [index for index in order if index != moved]
    place_before = order.index(moved)
    earlier = chance.random() < 0.75 and place_before > 0
    candidate.insert(chance.randrange(place_before if earlier else len(order)), moved)
    return candidate


def _tower(problem: Problem, offsets: Sequence[int], chance: random.Random) -> list[int]:
    """A box that ends at the peak and those on which it rests, down to the floor or the states."""
    height = problem.height(offsets)
    peak = [i for i in problem.movable if offsets[i] + problem.boxes[i].size == height]
    tower = [chance.choice(peak or list(problem.movable))]
    for index in tower:
        rests_on = [
            j
            for j, gap in problem.gaps[index].items()
            if j >= problem.movable.start and j not in tower and 0 <= offsets[index] - offsets[j] - gap < 4
        ]
        tower += rests_on
    return tower


PLANNER = Planner(name="search", rank=10, place=place)
