# SPDX-License-Identifier: Apache-2.0
"""The front of RAM, flash and time: what a model can cost on a board, from the fastest build to the smallest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from milliwatt.emit.emission import emit
from milliwatt.errors import BudgetError, InternalError
from milliwatt.fit.descent import Descent, Point
from milliwatt.fit.kernel_choice import KernelChoice, choose_point, level_of
from milliwatt.fit.measured_cost import MeasuredCost
from milliwatt.ir import Graph
from milliwatt.lower.alternatives import Alternatives
from milliwatt.measure.profile import Profile, profile
from milliwatt.pipeline import Options, compile_graph
from milliwatt.plan import plan

_GOALS = ("speed", "balanced", "ram")


@dataclass(frozen=True)
class FrontPoint:
    """One build, whole and measured.

    Attributes:
        optimize, max_ram, weights: the options of `milliwatt build` that make it.
        arena_bytes, ram_bytes, flash_bytes: what it takes; RAM with stack and static data.
        instructions: of the slowest input.
        cycles: on the board, else of the core; None where neither is validated.
        latency_ms: the cycles at the board's clock.
        on_front: whether no other point is at least as good in RAM, flash and time and better in one.
    """

    optimize: str
    max_ram: int | None
    weights: str
    arena_bytes: int
    ram_bytes: int
    flash_bytes: int
    instructions: int
    cycles: int | None
    latency_ms: float | None
    on_front: bool = False

    @property
    def time(self) -> int:
        """Cycles, or instructions where cycles are not validated."""
        return self.instructions if self.cycles is None else self.cycles

    @property
    def label(self) -> str:
        """The options in short."""
        limit = "" if self.max_ram is None else f" --max-ram {self.max_ram}"
        return f"{self.optimize}{limit}{' --weights ram' if self.weights == 'ram' else ''}"

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Front:
    """All points, the fastest first, and how their numbers were obtained."""

    model: str
    board: str
    core: str
    obtained: dict[str, str]
    points: tuple[FrontPoint, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        points = [point.to_json() for point in self.points]
        return {
            **{key: getattr(self, key) for key in ("model", "board", "core", "obtained")},
            "points": points,
        }


@dataclass(frozen=True)
class _Wanted:
    """A point to be measured: its options and kernels, and whether a budget of RAM selects it."""

    options: Options
    chosen: tuple[int, ...]
    budgeted: bool = False


def pareto(
    graph: Graph, options: Options, *, budgets: int = 6, progress: Callable[[str], None] = lambda _: None
) -> Front:
    """Builds for every goal and for budgets of RAM between them, each profiled whole on the emulated board.

    Args:
        graph: an imported graph.
        options: board and contract; its goal and budget are not used.
        budgets: points at most between the fastest and the smallest.
        progress: is told what is about to be measured.

    Raises:
        BudgetError: no build fits the board.
        UsageError: the board is the host.
    """
    progress("measuring kernels")
    measured: list[tuple[FrontPoint, Profile]] = []
    refused: BudgetError | None = None
    for wanted, alternatives in _wanted(graph, replace(options, max_ram=None), budgets):
        progress(f"profiling {wanted.options.optimize} ({len(measured) + 1})")
        try:
            result = _profiled(wanted, alternatives)
        except BudgetError as error:
            refused = error
        else:
            measured.append((_point(wanted, result), result))
    if not measured:
        raise refused or InternalError("no build was tried", where=graph.name)
    result = measured[0][1]
    points = sorted(
        _marked([point for point, _ in measured]), key=lambda one: (one.time, one.ram_bytes, one.flash_bytes)
    )
    return Front(result.model, result.board, result.core, dict(result.obtained), tuple(points))


def _wanted(graph: Graph, options: Options, budgets: int) -> Iterator[tuple[_Wanted, Alternatives]]:
    speed = replace(options, optimize="speed", weights="flash")
    found = _alternatives(graph, speed)
    path = _path(found, speed)
    goals = {goal: choose_point(path, goal, None).chosen for goal in _GOALS}
    for goal, chosen in goals.items():
        yield _Wanted(replace(speed, optimize=goal), chosen), found
    between = [point.chosen for point in _lower_and_lower(path) if point.chosen not in goals.values()]
    for chosen in _spread(between, budgets):
        yield _Wanted(speed, chosen, budgeted=True), found
    small = replace(speed, optimize="flash")
    found = _alternatives(graph, small)
    yield _Wanted(small, tuple(KernelChoice(small)(found))), found
    in_ram = replace(speed, weights="ram")
    found = _alternatives(graph, in_ram)
    yield _Wanted(in_ram, choose_point(_path(found, in_ram), "speed", None).chosen), found


def _path(alternatives: Alternatives, options: Options) -> list[Point]:
    return list(Descent(alternatives, MeasuredCost(options.board, level_of(options.optimize))).walk())


def _alternatives(graph: Graph, options: Options) -> Alternatives:
    """What there is to choose for a graph, as lowering hands it to the choice."""
    seen: list[Alternatives] = []

    def look(alternatives: Alternatives) -> Sequence[int]:
        seen.append(alternatives)
        return alternatives.best_by_rule

    compile_graph(graph, options, choose=look)
    return seen[0]


def _lower_and_lower(path: Sequence[Point]) -> list[Point]:
    """The points whose arena is below that of all before them: those that a budget can select."""
    return [
        point
        for index, point in enumerate(path)
        if all(point.arena < earlier.arena for earlier in path[:index])
    ]


def _spread(choices: Sequence[tuple[int, ...]], most: int) -> list[tuple[int, ...]]:
    """At most so many of them, evenly, the last always."""
    if len(choices) <= most:
        return list(choices)
    return [choices[round((index + 1) * len(choices) / most) - 1] for index in range(most)]


def _profiled(wanted: _Wanted, alternatives: Alternatives) -> Profile:
    options = wanted.options
    program = alternatives.program(wanted.chosen)
    emitted = emit(plan(program), name=options.name)
    return profile(emitted, options.board, source_macs=program.macs, level=level_of(options.optimize))


def _point(wanted: _Wanted, result: Profile) -> FrontPoint:
    footprint = result.footprint
    if footprint.ram_total is None or footprint.flash_total is None:
        raise InternalError("a device board gave no sizes", where=result.board)
    return FrontPoint(
        optimize=wanted.options.optimize,
        max_ram=footprint.ram_total if wanted.budgeted else None,
        weights=wanted.options.weights,
        arena_bytes=footprint.arena,
        ram_bytes=footprint.ram_total,
        flash_bytes=footprint.flash_total,
        instructions=result.instructions,
        cycles=result.core_cycles if result.board_cycles is None else result.board_cycles,
        latency_ms=result.core_ms if result.board_ms is None else result.board_ms,
    )


def _marked(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """The same points, with those marked that no other one dominates."""
    costs = [(point.ram_bytes, point.flash_bytes, point.time) for point in points]
    return [
        replace(point, on_front=not any(_dominates(other, own) for other in costs))
        for point, own in zip(points, costs, strict=True)
    ]


def _dominates(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one != other and all(left <= right for left, right in zip(one, other, strict=True))
