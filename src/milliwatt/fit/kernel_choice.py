# SPDX-License-Identifier: Apache-2.0
"""Builds with kernels chosen by measurement, by what the user optimises for and the RAM that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from milliwatt.errors import BudgetError
from milliwatt.fit.descent import Descent, Point
from milliwatt.fit.measured_cost import MeasuredCost
from milliwatt.fit.smallest_code import smallest_code
from milliwatt.ir import Graph
from milliwatt.lower.alternatives import Alternatives
from milliwatt.measure.footprint import footprint
from milliwatt.measure.toolchain import Level
from milliwatt.pipeline import Build, Options, compile_graph

SLOWDOWN = 1.7
"""How many times slower than the fastest a kernel may be that lowers the peak, unless nothing else fits."""

BALANCED_ARENA = 1.5
"""With "balanced" the arena may be so many times the smallest."""

_ATTEMPTS = 3

_LEVELS: dict[str, Level] = {"flash": "Oz"}


def level_of(optimize: str) -> Level:
    """The compiler's level that goes with what the user optimises for."""
    return _LEVELS.get(optimize, "O2")


@dataclass(frozen=True)
class KernelChoice:
    """Chooses kernels; what `milliwatt.lower.lowering.lower` takes as ``choose``.

    Attributes:
        options: the board, the goal and the budget.
        arena_limit: bytes of arena at most, where that can be had; None for no limit.
    """

    options: Options
    arena_limit: int | None = None

    def __call__(self, alternatives: Alternatives) -> Sequence[int]:
        """The chosen candidate at every place."""
        choice = any(len(place.candidates) > 1 for place in alternatives.places)
        if self.options.board.core.is_host or not choice:
            return alternatives.best_by_rule
        measure = MeasuredCost(self.options.board, level_of(self.options.optimize))
        if self.options.optimize == "flash":
            return smallest_code(alternatives, lambda calls: measure.bound(alternatives.empty, calls))
        return choose_point(alternatives, measure, self.options.optimize, self.arena_limit).chosen


def choose_point(
    alternatives: Alternatives, measure: MeasuredCost, optimize: str, arena_limit: int | None
) -> Point:
    """The point of the descent that serves a goal.

    Speed takes the fastest; ram the fastest of the smallest arena; balanced the one with the least product of
    arena and time whose arena is at most `BALANCED_ARENA` times the smallest. Where that is above the limit,
    the first point below it is taken; where there is none, the smallest.
    """
    descent = Descent(alternatives, measure)
    path = list(descent.walk(slowdown=SLOWDOWN))
    smallest = min(point.arena for point in path)
    wanted = path[0]
    if optimize == "ram":
        wanted = next(point for point in path if point.arena == smallest)
    elif optimize == "balanced":
        close = [point for point in path if point.arena <= BALANCED_ARENA * smallest]
        wanted = min(close, key=lambda point: point.arena * point.time)
    if arena_limit is None or wanted.arena <= arena_limit:
        return wanted
    further = descent.walk(slowdown=float("inf"), start=path[-1].chosen)
    longer = list(path)
    for point in chain(path, further):
        if point.arena <= arena_limit:
            return point
        longer.append(point)
    return min(longer, key=lambda point: (point.arena, point.time))


def compile_measured(graph: Graph, options: Options) -> Build:
    """From an imported graph to C with the kernels that measure best on the options' board.

    ``max_ram`` is held against all RAM: where the stack takes its part of it, kernels are chosen anew for what
    is left for the arena.

    Raises:
        BudgetError: no choice of kernels has an arena within ``max_ram``.
    """
    board = options.board
    limits = [limit for limit in (options.max_ram, board.ram and board.ram.bytes) if limit]
    limit = min(limits, default=None)
    build = compile_graph(graph, options, choose=KernelChoice(options, limit))
    if limit is None or board.core.is_host or options.max_ram is None:
        return build
    for _ in range(_ATTEMPTS):
        cost = footprint(build.emitted, board, level=level_of(options.optimize))
        if cost.ram_total is None or cost.ram_total <= limit or cost.ram_total - cost.arena >= limit:
            return build
        room = limit - (cost.ram_total - cost.arena)
        try:
            smaller = compile_graph(graph, options, choose=KernelChoice(options, room))
        except BudgetError:
            return build
        if smaller.plan.arena_bytes >= build.plan.arena_bytes:
            return build
        build = smaller
    return build
