# SPDX-License-Identifier: Apache-2.0
"""Code is given back where it buys little time, and only there."""

from __future__ import annotations

import numpy as np

from milliwatt.fit.code_economy import give_back_code
from milliwatt.fit.measured_cost import Cost
from milliwatt.lower.alternatives import Alternatives, Calls, Place
from milliwatt.lower.program import KernelCall, Program
from milliwatt.ops import Numerics
from milliwatt.testing.builder import GraphBuilder

FAST, SHARED = 0, 1


def made(times: list[tuple[float, float]]) -> tuple[Alternatives, dict[int, Cost]]:
    """Places with a kernel of their own (1000 bytes) and one that all can share (800 bytes), with their times."""
    costs: dict[int, Cost] = {}
    places = []
    for number, (fast, shared) in enumerate(times):
        own = (KernelCall("mw_fast", "CONV_2D", (f"y{number}",), {"size": number}, ()),)
        common = (KernelCall("mw_shared", "CONV_2D", (f"y{number}",), {}, ()),)
        costs[id(own)], costs[id(common)] = Cost(fast, 1000, 0), Cost(shared, 800, 0)
        places.append(Place(None, (own, common)))
    graph = GraphBuilder(np.random.default_rng(0)).graph("empty")
    program = Program(graph, (), {}, "cortex-m4", Numerics.LITERT)
    return Alternatives(program, tuple(places)), costs


def give_back(times: list[tuple[float, float]], *, fits: bool = True) -> tuple[int, ...]:
    alternatives, costs = made(times)
    start = [FAST] * len(times)

    def cost_of(calls: Calls) -> Cost:
        return costs[id(calls)]

    return give_back_code(alternatives, start, quick=cost_of, exact=cost_of, fits=lambda _: fits)


def test_small_layers_share_and_large_ones_keep_their_own() -> None:
    assert give_back([(100_000, 150_000), (900, 1000), (900, 1000), (900, 1000)]) == (
        FAST,
        SHARED,
        SHARED,
        SHARED,
    )


def test_nothing_moves_where_bytes_are_dear() -> None:
    assert give_back([(1000, 2000), (1000, 2000)]) == (FAST, FAST)


def test_nothing_moves_out_of_the_ram() -> None:
    assert give_back([(100_000, 150_000), (900, 1000), (900, 1000)], fits=False) == (FAST, FAST, FAST)


def test_the_whole_model_slows_down_by_a_bounded_share() -> None:
    times = [(1000.0, 1019.0)] * 40
    chosen = give_back(times)
    before = sum(fast for fast, _ in times)
    after = sum(pair[index] for pair, index in zip(times, chosen, strict=True))
    assert SHARED in chosen
    assert after <= 1.12 * before


def test_a_layer_moves_onto_the_instance_that_others_use() -> None:
    """One kernel name, two instances: a layer that has both leaves its own where that costs little."""
    costs: dict[int, Cost] = {}
    places = []
    for number, sizes in enumerate(((7,), (7,), (3, 7))):
        candidates = tuple(
            (KernelCall("mw_conv", "CONV_2D", (f"y{number}",), {"size": size}, ()),) for size in sizes
        )
        for index, calls in enumerate(candidates):
            costs[id(calls)] = Cost(10_000 + 10 * index, 1000, 0)
        spare = (KernelCall("mw_slow", "CONV_2D", (f"y{number}",), {}, ()),)
        costs[id(spare)] = Cost(90_000, 500, 0)
        places.append(Place(None, (*candidates, spare)))
    graph = GraphBuilder(np.random.default_rng(0)).graph("empty")
    alternatives = Alternatives(Program(graph, (), {}, "cortex-m4", Numerics.LITERT), tuple(places))

    def cost_of(calls: Calls) -> Cost:
        return costs[id(calls)]

    chosen = give_back_code(alternatives, (0, 0, 0), quick=cost_of, exact=cost_of, fits=lambda _: True)
    assert chosen == (0, 0, 1)
