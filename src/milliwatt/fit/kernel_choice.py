# SPDX-License-Identifier: Apache-2.0
"""Builds with kernels chosen by measurement, by what the user optimises for and the RAM that there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from milliwatt.errors import BudgetError, InternalError
from milliwatt.fit.band_search import best_in_bands
from milliwatt.fit.code_economy import give_back_code
from milliwatt.fit.descent import Descent, Point
from milliwatt.fit.measured_cost import MeasuredCost
from milliwatt.fit.smallest_code import smallest_code
from milliwatt.ir import Graph
from milliwatt.lower.alternatives import Alternatives
from milliwatt.measure.footprint import footprint
from milliwatt.measure.toolchain import Level
from milliwatt.pipeline import Build, Options, compile_graph
from milliwatt.plan import plan

SLOWDOWN = 1.7
"""With "ram" a model may take so many times the fastest's time, unless nothing else fits a budget."""

BALANCED_ARENA = 1.5
"""With "balanced" the arena may be so many times the smallest."""

BALANCED_TIME = 1.2
"""With "balanced" a model may take so many times the fastest's time, where that arena allows it."""

_MARGIN = 0.97
"""Part of that time to plan with: layers measured alone, from cold caches, do not quite sum up to the model."""

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
        measure: what kernels cost, where that is known already.
    """

    options: Options
    arena_limit: int | None = None
    measure: MeasuredCost | None = None

    def __call__(self, alternatives: Alternatives) -> Sequence[int]:
        """The chosen candidate at every place."""
        choice = any(len(place.candidates) > 1 for place in alternatives.places)
        if self.options.board.core.is_host or not choice:
            return alternatives.best_by_rule
        measure = self.measure or MeasuredCost(self.options.board, level_of(self.options.optimize))
        if self.options.optimize == "flash":
            return smallest_code(alternatives, lambda calls: measure.bound(alternatives.empty, calls))
        path = list(Descent(alternatives, measure).walk())
        point = choose_point(path, self.options.optimize, self.arena_limit)
        if self.options.optimize != "balanced":
            return point.chosen
        return give_back_code(
            alternatives,
            point.chosen,
            quick=lambda calls: measure.bound(alternatives.empty, calls),
            exact=lambda calls: measure.exact(alternatives.empty, calls),
            fits=lambda chosen: plan(alternatives.program(chosen)).arena_bytes <= point.arena,
            slack=_MARGIN * BALANCED_TIME * path[0].time - point.time,
        )


def choose_point(path: Sequence[Point], optimize: str, arena_limit: int | None) -> Point:
    """The point of a descent that serves a goal.

    Speed takes the fastest. Ram takes the smallest arena of those at most `SLOWDOWN` times slower. Balanced takes
    the least product of arena and time among those at most `BALANCED_ARENA` times larger than that and at most
    `BALANCED_TIME` times slower than the fastest; where none is so fast, the fastest of those not larger.

    Args:
        path: from the fastest point on.
        optimize: speed, balanced or ram.
        arena_limit: bytes; a point above it gives way to the first one of the path that is not, else to the
            smallest. None for no limit.
    """
    near = [point for point in path if point.time <= SLOWDOWN * path[0].time]
    smallest = min(near, key=lambda point: (point.arena, point.time))
    wanted = path[0]
    if optimize == "ram":
        wanted = smallest
    elif optimize == "balanced":
        close = [point for point in near if point.arena <= BALANCED_ARENA * smallest.arena]
        limit = _MARGIN * BALANCED_TIME * path[0].time
        quick = [point for point in close if point.time <= limit]
        wanted = min(quick or close, key=lambda point: point.arena * point.time if quick else point.time)
    if arena_limit is None or wanted.arena <= arena_limit:
        return wanted
    least = min(path, key=lambda point: (point.arena, point.time))
    return next((point for point in path if point.arena <= arena_limit), least)


def compile_measured(
    graph: Graph, options: Options, *, progress: Callable[[str], None] = lambda _: None
) -> Build:
    """From an imported graph to C with the kernels that measure best on the options' board.

    ``max_ram`` is held against all RAM: where the stack takes its part of it, kernels are chosen anew for what
    is left for the arena. With "ram", and wherever a budget or the board's RAM is not met otherwise, leading layers
    run in bands of rows if that helps.

    Args:
        graph: an imported graph.
        options: what the user chose.
        progress: is told how many kernels were measured.

    Raises:
        BudgetError: no choice of kernels and bands has an arena within ``max_ram``.
    """
    refused: BudgetError | None = None
    build: Build | None = None
    measure = MeasuredCost(options.board, level_of(options.optimize), progress)
    try:
        build = _whole(graph, options, measure)
    except BudgetError as error:
        refused = error
    banded = _banded(graph, options, measure, build)
    chosen = build if banded is None else banded
    if chosen is None:
        raise refused or InternalError("nothing was compiled", where=graph.name)
    return chosen


def _banded(graph: Graph, options: Options, measure: MeasuredCost, build: Build | None) -> Build | None:
    """The build in bands of rows where that is asked for and serves; else None."""
    limit = _limit(options)
    if options.board.core.is_host or options.bands is not None:
        return None
    # Where the budget refuses every choice of kernels, one without it still tells what the stack takes.
    known = build or _whole(graph, replace(options, max_ram=None), measure)
    cost = footprint(known.emitted, options.board, level=level_of(options.optimize))
    arena, beside = cost.arena, (cost.ram_total or 0) - cost.arena
    over = build is None or (limit is not None and arena + beside > limit)
    if not over and options.optimize != "ram":
        return None
    best = best_in_bands(
        graph,
        options,
        measure,
        arena=arena,
        slowdown=SLOWDOWN,
        limit=limit - beside if over and limit is not None else None,
    )
    if best is None:
        return None
    extra = {**options.extra, "bands": best.cut.to_json()}
    in_bands = replace(options, bands=best.cut, extra=extra)
    try:
        made = compile_graph(graph, in_bands, choose=lambda _: best.point.chosen)
    except BudgetError:
        return None
    return made if made.plan.arena_bytes < arena else None


def _limit(options: Options) -> int | None:
    """Bytes of RAM at most: the user's budget or what the board has."""
    board = options.board
    limits = [limit for limit in (options.max_ram, board.ram and board.ram.bytes) if limit]
    return min(limits, default=None)


def _whole(graph: Graph, options: Options, measure: MeasuredCost) -> Build:
    """The build without bands.

    Raises:
        BudgetError: no choice of kernels has an arena within ``max_ram``.
    """
    board, limit = options.board, _limit(options)
    build = compile_graph(graph, options, choose=KernelChoice(options, limit, measure))
    if limit is None or board.core.is_host or options.max_ram is None:
        return build
    for _ in range(_ATTEMPTS):
        cost = footprint(build.emitted, board, level=level_of(options.optimize))
        if cost.ram_total is None or cost.ram_total <= limit or cost.ram_total - cost.arena >= limit:
            return build
        room = limit - (cost.ram_total - cost.arena)
        try:
            smaller = compile_graph(graph, options, choose=KernelChoice(options, room, measure))
        except BudgetError:
            return build
        if smaller.plan.arena_bytes >= build.plan.arena_bytes:
            return build
        build = smaller
    return build
