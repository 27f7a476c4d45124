# SPDX-License-Identifier: Apache-2.0
"""What does nothing goes, what is computed twice is computed once, reshapes meet and cancel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from milliwatt.ir import DType, Graph
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.samples import sample_inputs
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.channels_first import ChannelsFirst

FEATURES = (1, 4, 6, 8)
Make = Callable[[ChannelsFirst], str]


def nothing_done(net: ChannelsFirst) -> str:
    """Only where the output is not the graph's: RELU6 stands behind."""
    value = net.image(FEATURES)
    value = net.op("PAD", (value, net.integers([[0, 0]] * 4)))
    value = net.op("SLICE", (value, net.integers([0, 0, 0, 0]), net.integers([1, -1, 6, 8])))
    value = net.transpose(value, (0, 1, 2, 3))
    value = net.op("CONCATENATION", (value,), axis=1)
    value = net.op("SPLIT", (net.integers([1]), value), num_splits=1)
    value = net.op("TILE", (value, net.integers([1, 1, 1, 1])))
    value = net.op("RESHAPE", (value,), new_shape=FEATURES)
    return net.op("RELU6", (value,))


def neutral(net: ChannelsFirst) -> str:
    value = net.op("MUL", (net.image(FEATURES), net.build.constant(np.ones((4, 1, 1), np.float32))))
    value = net.op("ADD", (net.build.constant(np.zeros(1, np.float32)), value))
    value = net.op("CAST", (value,))
    return net.op("RELU6", (value,))


def reshapes_around(net: ChannelsFirst) -> str:
    value = net.op("RESHAPE", (net.image(FEATURES),), new_shape=(24, 8))
    value = net.op("RELU6", (net.op("RESHAPE", (value,), new_shape=(8, 24)),))
    value = net.op("MAXIMUM", (value, net.build.constant(np.array([[3]], value_type(net)), net.quant)))
    return net.op("RELU6", (net.op("RESHAPE", (value,), new_shape=FEATURES),))


def value_type(net: ChannelsFirst) -> type:
    return np.float32 if net.dtype is DType.FLOAT32 else np.int8


def reduction_of_one(net: ChannelsFirst) -> str:
    value = net.op("MEAN", (net.image((1, 4, 1, 1)), net.integers([2, 3])), keep_dims=False)
    return net.op("RELU6", (value,))


def computed_twice(net: ChannelsFirst) -> str:
    data = net.image(FEATURES)
    sides = [
        net.op("TANH", (net.op("MUL", (data, net.build.constant(np.float32([2.0])))),)) for _ in range(2)
    ]
    return net.op("SUB", sides)


CASES: dict[str, tuple[Make, DType, list[str]]] = {
    "nothing done": (nothing_done, DType.INT8, ["RELU6"]),
    "nothing done, floats": (nothing_done, DType.FLOAT32, ["RELU6"]),
    "neutral constants": (neutral, DType.FLOAT32, ["RELU6"]),
    "reshapes around": (reshapes_around, DType.INT8, ["RELU6", "MAXIMUM", "RELU6"]),
    "reshapes around, floats": (reshapes_around, DType.FLOAT32, ["RELU6", "MAXIMUM", "RELU6"]),
    "reduction of one": (reduction_of_one, DType.INT8, ["RELU6", "RESHAPE"]),
    "computed twice": (computed_twice, DType.FLOAT32, ["MUL", "TANH", "SUB"]),
}


def made(make: Make, dtype: DType) -> Graph:
    net = ChannelsFirst(GraphBuilder(np.random.default_rng(2)), dtype)
    make(net)
    return net.build.graph()


@pytest.mark.parametrize("name", CASES)
def test_these_are_left(name: str) -> None:
    make, dtype, left = CASES[name]
    graph = made(make, dtype)
    result = optimise(graph)
    assert [node.op for node in result.nodes] == left
    before, after = Interpreter(graph), Interpreter(result)
    for inputs in sample_inputs(graph, samples=4, seed=2):
        for expected, got in zip(before.run(inputs), after.run(inputs), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_states_are_not_shared() -> None:
    """Two reads of a variable stand around a write."""
    from milliwatt.testing.random_graphs import random_graph

    graph = random_graph(3, ops=["READ_VARIABLE", "ASSIGN_VARIABLE", "ADD"])
    result = optimise(graph)
    before, after = Interpreter(graph), Interpreter(result)
    for inputs in sample_inputs(graph, samples=4, seed=2):
        for expected, got in zip(before.run(inputs), after.run(inputs), strict=True):
            np.testing.assert_array_equal(got, expected)
