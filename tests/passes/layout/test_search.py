# SPDX-License-Identifier: Apache-2.0
"""The search against all choices of small graphs, the cut against all cuts of small networks."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest

from milliwatt.ir import DType
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.passes.layout import assign_layouts
from milliwatt.passes.layout.min_cut import SINK, SOURCE, Network
from milliwatt.passes.layout.model import Choice, Model, model_of
from milliwatt.passes.layout.search import best_choice, candidates
from milliwatt.samples import sample_inputs
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.channels_first import TO_FIRST, TO_LAST, ChannelsFirst

LARGEST = 1 << 13
"""The most choices that are tried."""


def random_network(seed: int, layers: int) -> ChannelsFirst:
    """Layers that keep the shape, read from any value made before, with a few transposes of their own."""
    net = ChannelsFirst(GraphBuilder(np.random.default_rng(seed)), DType.INT8)
    build = net.build
    values = [net.image((1, 3, 4, 5))]
    for _ in range(layers):
        value = build.choice(values)
        kind = build.integer(0, 6)
        if kind == 0:
            made = net.conv(value, 3, window=1)
        elif kind == 1:
            made = net.op("RELU", (value,))
        elif kind == 2:
            made = net.op("ADD", (value, build.choice(values)))
        elif kind == 3:
            made = net.op("MUL", (value, net.constant((3, 1, 1))))
        elif kind == 4:
            made = net.transpose(net.op("RELU", (net.transpose(value, TO_LAST),)), TO_FIRST)
        elif kind == 5:
            made = net.op("CONCATENATION", (value, value), axis=2)
            made = net.op("SLICE", (made, net.integers([0, 0, 1, 0]), net.integers([1, 3, 4, 5])))
        else:
            flat = net.op("RESHAPE", (value,), new_shape=(1, 60))
            made = net.op("RESHAPE", (net.fully_connected(flat, 60),), new_shape=(1, 3, 4, 5))
        values.append(made)
    return net


def fewest_bytes(model: Model) -> int | None:
    """The cheapest of all choices, or None where there are too many."""
    families: list[Choice] = [model.plain, *candidates(model)]
    options = [sorted({family[index] for family in families}, key=str) for index in range(len(model.nodes))]
    if np.prod([float(len(entry)) for entry in options]) > LARGEST:
        return None
    return min(model.moved_bytes(choice) for choice in product(*options))


def test_no_choice_moves_fewer_bytes() -> None:
    compared = 0
    for seed in range(60):
        model = model_of(random_network(seed, layers=4).build.graph())
        fewest = fewest_bytes(model)
        if fewest is not None:
            assert model.moved_bytes(best_choice(model) or model.plain) == fewest, f"seed {seed}"
            compared += fewest > 0
    assert compared >= 15


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_keep_every_byte(seed: int) -> None:
    graph = random_network(seed, layers=9).build.graph()
    result = optimise(assign_layouts(graph))
    before, after = Interpreter(graph), Interpreter(result)
    for inputs in sample_inputs(graph, samples=3, seed=seed):
        for expected, got in zip(before.run(inputs), after.run(inputs), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_large_networks_take_seconds() -> None:
    graph = random_network(1, layers=150).build.graph()
    start = time.process_time()
    assert assign_layouts(graph) is not graph
    assert time.process_time() - start < 20


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_is_cheapest(seed: int) -> None:
    random = np.random.default_rng(seed)
    network, count = Network(), 6
    for _ in range(count - 2):
        network.vertex()
    arcs = [tuple(map(int, random.integers(0, [count, count, 20]))) for _ in range(14)]
    for arc in arcs:
        network.arc(*arc)

    def cost(side: set[int]) -> int:
        return sum(capacity for tail, head, capacity in arcs if tail in side and head not in side)

    sides = [
        {SOURCE, *(vertex for vertex, inside in zip(range(2, count), chosen, strict=True) if inside)}
        for chosen in product((False, True), repeat=count - 2)
    ]
    found = network.source_side()
    assert SINK not in found
    assert cost(found) == min(map(cost, sides))
