# SPDX-License-Identifier: Apache-2.0
"""Constant factors and summands go into the weights: which operators are left, and that results keep their value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.samples import sample_inputs
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.channels_first import TO_LAST, ChannelsFirst
from milliwatt.testing.differential import compare

FEATURES = (1, 4, 6, 8)


def batch_norm(net: ChannelsFirst, value: str, channels: int) -> str:
    """As exporters decompose it: (x - mean) / deviation * scale + offset, with constants [1, C, 1, 1]."""
    shape = (1, channels, 1, 1)
    deviation = net.build.constant(net.build.random.uniform(0.5, 2, shape).astype(np.float32))
    value = net.op("DIV", (net.op("SUB", (value, net.constant(shape))), deviation))
    return net.op("ADD", (net.op("MUL", (value, net.constant(shape))), net.constant(shape)))


def norm_behind(net: ChannelsFirst) -> None:
    value = net.op("RELU", (batch_norm(net, net.conv(net.image(FEATURES), 6), 6),))
    value = net.op("RELU6", (batch_norm(net, net.conv(value, 6, depthwise=True), 6),))
    net.op("MEAN", (batch_norm(net, net.conv(value, 5, window=1), 5), net.integers([2, 3])))


def norm_before_without_padding(net: ChannelsFirst) -> None:
    """Pre-activation networks: the convolution has a window of one, so nothing is padded."""
    value = net.op("TANH", (net.image(FEATURES),))
    value = net.conv(batch_norm(net, value, 4), 3, window=1)
    net.op("MEAN", (value, net.integers([2, 3])))


def norm_before_padding(net: ChannelsFirst) -> None:
    """The padding is zero behind the norm, which no bias can say: the norm stays, in two operators."""
    value = net.op("TANH", (net.image(FEATURES),))
    net.op("MEAN", (net.conv(batch_norm(net, value, 4), 3), net.integers([2, 3])))


def scale_before_padding(net: ChannelsFirst) -> None:
    value = net.op("TANH", (net.image(FEATURES),))
    value = net.op("MUL", (value, net.constant((4, 1, 1))))
    net.op("MEAN", (net.conv(value, 4, depthwise=True), net.integers([2, 3])))


def grouped(net: ChannelsFirst) -> None:
    value = net.op("MUL", (net.op("TANH", (net.image((1, 5, 5, 4)),)), net.constant((4,))))
    value = net.op("ADD", (value, net.constant((4,))))
    weights = net.build.weights((6, 2, 2, 2), DType.FLOAT32)
    net.op("CONV_2D", (value, weights, None), padding="VALID", stride_h=2)


def transposed_convolution(net: ChannelsFirst) -> None:
    value = net.op("MUL", (net.op("TANH", (net.image((1, 3, 4, 5)),)), net.constant((5,))))
    weights = net.build.weights((2, 3, 3, 5), DType.FLOAT32)
    value = net.op("TRANSPOSE_CONV", (net.integers([1, 6, 8, 2]), weights, value), stride_h=2, stride_w=2)
    net.op("ADD", (net.op("MUL", (value, net.constant((2,)))), net.constant((1, 1, 1, 2))))


def matrix_and_bias(net: ChannelsFirst) -> None:
    value = net.op("BATCH_MATMUL", (net.image((1, 7, 6)), net.constant((6, 5))))
    value = net.op("RELU", (net.op("ADD", (net.constant((5,)), value)),))
    net.op("BATCH_MATMUL", (value, net.constant((1, 4, 5))), adj_y=True)


def norm_before_flatten(net: ChannelsFirst) -> None:
    value = net.pool(batch_norm(net, net.pool(net.image(FEATURES)), 4))
    net.fully_connected(net.op("RESHAPE", (value,), new_shape=(1, 8)), 3)


def attention(net: ChannelsFirst) -> None:
    """Products of queries and keys over the root of their depth."""
    data = net.image((1, 5, 6))
    heads = []
    for order in ((0, 2, 1, 3), (0, 2, 3, 1)):
        weights = net.build.weights((6, 6), DType.FLOAT32)
        rows = net.op("FULLY_CONNECTED", (data, weights, net.constant((6,))), keep_num_dims=True)
        heads.append(net.transpose(net.op("RESHAPE", (rows,), new_shape=(1, 5, 2, 3)), order))
    root = net.build.constant(np.array(3**0.5, np.float32))
    net.op("SOFTMAX", (net.op("DIV", (net.op("BATCH_MATMUL", heads), root)),))


def packed_heads(net: ChannelsFirst) -> list[str]:
    """Queries, keys and values [2, 5, 3] of one projection."""
    weights = net.build.weights((18, 6), DType.FLOAT32)
    rows = net.op("FULLY_CONNECTED", (net.image((5, 6)), weights, net.constant((18,))))
    heads = net.transpose(net.op("RESHAPE", (rows,), new_shape=(5, 3, 2, 3)), (1, 2, 0, 3))
    sizes = net.integers([1, 2, 5, 3])
    parts = [net.op("SLICE", (heads, net.integers([part, 0, 0, 0]), sizes)) for part in range(3)]
    return [net.op("RESHAPE", (part,), new_shape=(2, 5, 3)) for part in parts]


def packed_attention(net: ChannelsFirst) -> None:
    queries, keys, values = packed_heads(net)
    scaled = net.op("MUL", (queries, net.build.constant(np.array([0.6], np.float32))))
    weights = net.op("SOFTMAX", (net.op("BATCH_MATMUL", (scaled, keys), adj_y=True),))
    net.op("BATCH_MATMUL", (weights, values))


def packed_and_read(net: ChannelsFirst) -> None:
    """The queries are read unscaled, too."""
    queries, keys, _ = packed_heads(net)
    scaled = net.op("MUL", (queries, net.build.constant(np.array([0.6], np.float32))))
    net.op("BATCH_MATMUL", (scaled, keys), adj_y=True)
    net.op("TANH", (queries,))


CASES: dict[str, tuple[Callable[[ChannelsFirst], None], dict[str, int]]] = {
    "norm behind": (norm_behind, {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 1, "MEAN": 1, "TRANSPOSE": 1}),
    "norm before, without padding": (
        norm_before_without_padding,
        {"TANH": 1, "CONV_2D": 1, "MEAN": 1, "TRANSPOSE": 1},
    ),
    "norm before padding": (
        norm_before_padding,
        {"TANH": 1, "MUL": 1, "ADD": 1, "CONV_2D": 1, "MEAN": 1, "TRANSPOSE": 1},
    ),
    "scale before padding": (
        scale_before_padding,
        {"TANH": 1, "DEPTHWISE_CONV_2D": 1, "MEAN": 1, "TRANSPOSE": 1},
    ),
    "grouped": (grouped, {"TANH": 1, "CONV_2D": 1}),
    "transposed convolution": (transposed_convolution, {"TANH": 1, "TRANSPOSE_CONV": 1}),
    "matrix and bias": (matrix_and_bias, {"FULLY_CONNECTED": 2}),
    "norm before flatten": (
        norm_before_flatten,
        {"MAX_POOL_2D": 2, "MUL": 1, "ADD": 1, "FULLY_CONNECTED": 1, "TRANSPOSE": 1, "RESHAPE": 1},
    ),
    "packed attention": (
        packed_attention,
        {"FULLY_CONNECTED": 1, "RESHAPE": 4, "TRANSPOSE": 1, "SLICE": 3, "ATTENTION": 1},
    ),
    "attention": (
        attention,
        {"FULLY_CONNECTED": 2, "RESHAPE": 2, "TRANSPOSE": 2, "BATCH_MATMUL": 1, "SOFTMAX": 1},
    ),
}


def made(make: Callable[[ChannelsFirst], None]) -> Graph:
    build = GraphBuilder(np.random.default_rng(7))
    make(ChannelsFirst(build))
    return build.graph()


def counted(graph: Graph) -> dict[str, int]:
    ops = [node.op for node in graph.nodes]
    return {op: ops.count(op) for op in ops}


def close(graph: Graph, result: Graph, inputs: Sequence[np.ndarray]) -> None:
    for expected, got in zip(Interpreter(graph).run(inputs), Interpreter(result).run(inputs), strict=True):
        np.testing.assert_allclose(
            got, expected, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(expected).max()))
        )


@pytest.mark.parametrize("name", CASES)
def test_constants_go_into_weights(name: str) -> None:
    make, left = CASES[name]
    graph = made(make)
    result = optimise(graph)
    assert counted(result) == left
    random = np.random.default_rng(3)
    for _ in range(4):
        shapes = (graph.values[name].shape for name in graph.inputs)
        close(graph, result, [random.normal(0, 1, shape).astype(np.float32) for shape in shapes])


def test_c_computes_the_same() -> None:
    compare(made(norm_behind), samples=4, boards=("host",))


def shared_value(net: ChannelsFirst) -> None:
    value = net.conv(net.image(FEATURES), 4)
    net.op("MUL", (value, net.constant((4, 1, 1))))
    net.op("RELU", (value,))


def shared_filter(net: ChannelsFirst) -> None:
    weights = net.build.weights((3, 3, 3, 4), DType.FLOAT32)
    for _ in range(2):
        value = net.op("CONV_2D", (net.image((1, 6, 6, 4)), weights, None))
        net.op("MUL", (value, net.constant((3,))))


def varying_in_space(net: ChannelsFirst) -> None:
    net.op("MUL", (net.conv(net.image(FEATURES), 4), net.constant((1, 4, 6, 8))))


def quantised_behind(net: ChannelsFirst) -> None:
    """An integer that follows from the product might change with its rounding."""
    data = net.build.input(TensorType(DType.FLOAT32, (2, 4)))
    value = net.op("MUL", (net.fully_connected(data, 4), net.constant((4,))))
    net.build.node("QUANTIZE", (value,), dtype=DType.INT8, quant=Quant((0.5,), (3,)))


STAYS = {
    "a value that others read": shared_value,
    "a filter that others use": shared_filter,
    "a factor per pixel": varying_in_space,
    "integers behind": quantised_behind,
    "queries that others read": packed_and_read,
}


@pytest.mark.parametrize("name", STAYS)
def test_stays(name: str) -> None:
    graph = made(STAYS[name])
    result = optimise(graph)
    assert counted(result)["MUL"] == counted(graph)["MUL"]
    for inputs in sample_inputs(graph, samples=3, seed=1):
        close(graph, result, inputs)


def test_transposes_of_images_only() -> None:
    """One TRANSPOSE, of the input: none is left around what was folded."""
    result = optimise(made(norm_behind))
    node = next(node for node in result.nodes if node.op == "TRANSPOSE")
    assert node.inputs[0] in result.inputs
    assert tuple(result.constants[str(node.inputs[1])]) == TO_LAST
