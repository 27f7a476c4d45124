# SPDX-License-Identifier: Apache-2.0
"""The choice of kernels against an exhaustive search, and measured costs against what they promise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from milliwatt.fit import measured_cost
from milliwatt.fit.descent import Descent, Point
from milliwatt.fit.kernel_choice import BALANCED_ARENA, SLOWDOWN, choose_point, compile_measured
from milliwatt.fit.measured_cost import Cost, MeasuredCost
from milliwatt.fit.smallest_code import smallest_code
from milliwatt.lower.alternatives import Alternatives, Calls
from milliwatt.lower.fingerprint import fingerprint
from milliwatt.lower.program import KernelCall, Program, Scratch
from milliwatt.measure.footprint import footprint
from milliwatt.measure.profile import profile
from milliwatt.pipeline import Options, compile_graph, load
from milliwatt.plan import plan
from milliwatt.targets import board

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "01_digits" / "digits.tflite"
OPTIONS = Options(board("nucleo-l4r5zi"), optimize="speed")


def alternatives_of(options: Options = OPTIONS) -> Alternatives:
    """What there is to choose in the example model."""
    seen: list[Alternatives] = []

    def look(alternatives: Alternatives) -> Sequence[int]:
        seen.append(alternatives)
        return alternatives.best_by_rule

    compile_graph(load(DIGITS), options, choose=look)
    return seen[0]


@pytest.fixture(scope="module")
def alternatives() -> Alternatives:
    return alternatives_of()


def with_scratch(calls: Calls, size: int) -> Calls:
    """The calls with one more scratch."""
    first: KernelCall = calls[0]
    return (replace(first, arguments=(*first.arguments, Scratch(size, "uint8_t"))), *calls[1:])


def varied(alternatives: Alternatives, sizes: Sequence[int]) -> Alternatives:
    """The first four nodes with one candidate per size of additional scratch, the others without a choice."""
    places = [
        replace(place, candidates=tuple(with_scratch(place.candidates[0], size) for size in sizes))
        if index < 4
        else replace(place, candidates=place.candidates[:1])
        for index, place in enumerate(alternatives.places)
    ]
    return replace(alternatives, places=tuple(places))


@dataclass(frozen=True)
class Invented:
    """A time for each candidate that falls with its scratch and differs from layer to layer."""

    def exact(self, program: Program, calls: Calls) -> Cost:
        scratch = sum(piece.bytes for call in calls for piece in call.scratch)
        layer = int(fingerprint(with_scratch(calls[:1], 0))[:4], 16) % 1000
        return Cost(1000.0 + layer + 1e6 / (scratch + 100), 0, 0)

    def bound(self, program: Program, calls: Calls) -> Cost:
        return replace(self.exact(program, calls), time=self.exact(program, calls).time * 0.9)


def test_descent_meets_every_budget_as_fast_as_any_choice(alternatives: Alternatives) -> None:
    many = varied(alternatives, (4000, 700, 0))
    measure = Invented()
    path = list(Descent(many, measure).walk())
    every = [
        (
            plan(many.program(chosen)).arena_bytes,
            sum(
                measure.exact(many.empty, place.candidates[index]).time
                for place, index in zip(many.places, chosen, strict=True)
                if len(place.candidates) > 1
            ),
        )
        for chosen in itertools.product(*(range(len(place.candidates)) for place in many.places))
    ]
    assert len(path) > 2
    for point in path:
        assert point.time == pytest.approx(min(time for arena, time in every if arena <= point.arena))
    assert path[-1].arena == min(arena for arena, _ in every)


def test_rules_alone_cannot_tell_what_scratch_is_free(alternatives: Alternatives) -> None:
    """At places below the peak even the smallest arena keeps its fastest kernels."""
    many = varied(alternatives, (4000, 0))
    path = list(Descent(many, Invented()).walk())
    assert 0 in path[-1].chosen
    assert path[-1].arena < path[0].arena


PATH = (
    Point((0,), 1000, 100.0),
    Point((1,), 700, 102.0),
    Point((2,), 600, 130.0),
    Point((3,), 595, 165.0),
    Point((4,), 300, 500.0),
)


@pytest.mark.parametrize(
    ("optimize", "limit", "expected"),
    [
        ("speed", None, 0),
        ("speed", 999, 1),
        ("speed", 300, 4),
        ("speed", 10, 4),
        ("ram", None, 3),
        ("balanced", None, 1),
        ("balanced", 650, 2),
    ],
)
def test_goals(optimize: str, limit: int | None, expected: int) -> None:
    assert choose_point(PATH, optimize, limit) is PATH[expected]
    assert PATH[3].time <= SLOWDOWN * PATH[0].time < PATH[4].time
    assert PATH[1].arena <= BALANCED_ARENA * PATH[3].arena < PATH[0].arena


def test_costs_are_bounded_and_remembered(
    alternatives: Alternatives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLIWATT_CACHE", str(tmp_path))
    measure = MeasuredCost(OPTIONS.board)
    candidates = next(place.candidates for place in alternatives.places if len(place.candidates) > 1)
    exact = [measure.exact(alternatives.empty, calls) for calls in candidates]
    bounds = [measure.bound(alternatives.empty, calls) for calls in candidates]
    assert all(0 < low.time <= cost.time for low, cost in zip(bounds, exact, strict=True))
    assert all(cost.code_bytes > 0 and cost.constant_bytes > 0 for cost in exact)
    assert len({cost.time for cost in exact}) == len(exact)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("measured twice")

    monkeypatch.setattr(measured_cost, "EmulatorRunner", refuse)
    assert [measure.exact(alternatives.empty, calls) for calls in candidates] == exact
    with pytest.raises(AssertionError, match="measured twice"):
        MeasuredCost(OPTIONS.board, "Oz").exact(alternatives.empty, candidates[0])


def test_a_layer_alone_costs_what_it_costs_in_its_model(alternatives: Alternatives) -> None:
    """Within 10 %: the code lies elsewhere, the data differ and the caches are cold."""
    build = compile_graph(load(DIGITS), OPTIONS, choose=lambda found: found.best_by_rule)
    layers = profile(build.emitted, OPTIONS.board, source_macs=0, samples=0).layers
    measure = MeasuredCost(replace(OPTIONS.board, memory=None))
    for layer, place in zip(layers, alternatives.places, strict=True):
        alone = measure.exact(alternatives.empty, place.candidates[0]).time
        assert alone == pytest.approx(layer.cycles, rel=0.1, abs=200)


def test_measured_builds_are_at_least_as_fast_and_the_same_twice() -> None:
    graph = load(DIGITS)
    first, second = (compile_measured(graph, OPTIONS) for _ in range(2))
    assert first.emitted.source == second.emitted.source
    ruled = compile_graph(graph, OPTIONS)
    cycles = [
        profile(build.emitted, OPTIONS.board, source_macs=0, samples=0).board_cycles or 0
        for build in (first, ruled)
    ]
    assert 0 < cycles[0] <= cycles[1] * 1.01


def test_budget_counts_stack_too() -> None:
    graph = load(DIGITS)
    fastest = compile_measured(graph, OPTIONS)
    largest = footprint(fastest.emitted, OPTIONS.board)
    assert largest.ram_total is not None
    build = compile_measured(graph, replace(OPTIONS, max_ram=largest.ram_total - 1))
    total = footprint(build.emitted, OPTIONS.board).ram_total
    assert total is not None
    assert total < largest.ram_total


def test_smallest_code_counts_a_shared_kernel_once(alternatives: Alternatives) -> None:
    """Three places: exchanging one of them alone would cost a second kernel, exchanging all saves."""
    pair = tuple(
        replace(calls[0], kernel=kernel)
        for calls, kernel in ((alternatives.places[0].candidates[0], name) for name in ("mw_big", "mw_small"))
    )
    places = (replace(alternatives.places[0], candidates=tuple((call,) for call in pair)),) * 3
    cost: Callable[[Calls], Cost] = lambda calls: (  # noqa: E731
        Cost(10.0, 900, 50) if calls[0].kernel == "mw_big" else Cost(15.0, 500, 100)
    )
    assert smallest_code(replace(alternatives, places=places), cost) == (1, 1, 1)
    slow: Callable[[Calls], Cost] = lambda calls: replace(cost(calls), time=cost(calls).time ** 2)  # noqa: E731
    assert smallest_code(replace(alternatives, places=places), slow) == (0, 0, 0)


def test_the_host_and_models_without_a_choice_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr(measured_cost.MeasuredCost, "bound", refuse)
    monkeypatch.setattr(measured_cost.MeasuredCost, "exact", refuse)
    for name in ("host", "nucleo-g0b1re"):
        options = replace(OPTIONS, board=board(name))
        assert compile_measured(load(DIGITS), options).emitted.source
