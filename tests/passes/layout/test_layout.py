# SPDX-License-Identifier: Apache-2.0
"""Channels-first graphs: how many transposes are left, and that no output byte changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.ir.verify import verify
from milliwatt.ops.check import check
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes.layout import assign_layouts, moves_bytes
from milliwatt.samples import sample_inputs
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.channels_first import TO_FIRST, TO_LAST, ChannelsFirst
from milliwatt.testing.differential import compare

IMAGE = (1, 3, 8, 10)
FEATURES = (1, 4, 6, 8)


def residual_network(net: ChannelsFirst) -> None:
    first = net.op("RELU", (net.conv(net.image(IMAGE), 6),))
    second = net.conv(net.op("RELU", (net.conv(first, 6),)), 6)
    joined = net.op("RELU", (net.op("ADD", (first, second)),))
    shortcut = net.conv(joined, 8, window=1, stride=2)
    down = net.conv(net.op("RELU", (net.conv(joined, 8, stride=2),)), 8)
    head(net, net.op("ADD", (down, shortcut)))


def head(net: ChannelsFirst, value: str, *, units: int = 5) -> None:
    """Global average pool over height and width, flatten, fully connected."""
    pooled = net.op("MEAN", (value, net.integers([2, 3])), keep_dims=True)
    channels = net.build.type_of(pooled).shape[1]
    net.fully_connected(net.op("RESHAPE", (pooled,), new_shape=(1, channels)), units)


def inverted_residuals(net: ChannelsFirst) -> None:
    """As MobileNetV2: expand, depthwise, project, and a sum where the shape stays."""
    value = net.op("RELU6", (net.conv(net.image(IMAGE), 4, stride=2),))
    for _ in range(2):
        wide = net.op("RELU6", (net.conv(value, 12, window=1),))
        deep = net.op("RELU6", (net.conv(wide, 12, depthwise=True),))
        value = net.op("ADD", (value, net.conv(deep, 4, window=1)))
    head(net, value)


def squeeze_and_excite(net: ChannelsFirst) -> None:
    value = net.conv(net.image(FEATURES), 8)
    squeezed = net.op("MEAN", (value, net.integers([2, 3])), keep_dims=True)
    small = net.op("RELU", (net.conv(squeezed, 2, window=1),))
    gate = net.op("LOGISTIC" if net.dtype is DType.FLOAT32 else "RELU6", (net.conv(small, 8, window=1),))
    net.conv(net.op("MUL", (value, gate)), 3)


def flatten(net: ChannelsFirst) -> None:
    value = net.pool(net.op("RELU", (net.conv(net.image(IMAGE), 5),)))
    size = int(np.prod(net.build.type_of(value).shape))
    net.fully_connected(net.op("RESHAPE", (value,), new_shape=(1, size)), 7)


def concatenation(net: ChannelsFirst) -> None:
    value = net.conv(net.image(FEATURES), 4)
    joined = net.op("CONCATENATION", [net.conv(value, 3), net.conv(value, 2), value], axis=1)
    twice = net.op("CONCATENATION", (joined, joined), axis=1)
    halves = net.build.node(
        "SPLIT", (net.integers([1]), twice), attrs={"num_splits": 2}, dtype=net.dtype, quant=net.quant
    )
    for half in halves:
        net.conv(half, 2)


def slices_and_padding(net: ChannelsFirst) -> None:
    value = net.conv(net.image(FEATURES), 4)
    box = net.op("SLICE", (value, net.integers([0, 1, 0, 2]), net.integers([1, 3, -1, 5])))
    wide = net.op("PAD", (box, net.integers([[0, 0], [1, 0], [2, 1], [0, 3]])))
    bounds = [net.integers(row) for row in ([0, 1, 0, -1], [1, 4, 8, 0], [1, 2, 3, -1])]
    strided = net.op("STRIDED_SLICE", (wide, *bounds), begin_mask=5, end_mask=5)
    net.conv(
        net.op("MIRROR_PAD", (strided, net.integers([[0, 0], [0, 0], [1, 1], [1, 0]])), mode="REFLECT"), 2
    )


def dropped_axis(net: ChannelsFirst) -> None:
    """A channel, a row and a mean taken out of a value that lies channels last."""
    value = net.conv(net.image(FEATURES), 4)
    bounds = [net.integers(row) for row in ([0, 1], [0, 2], [1, 1])]
    channel = net.op("STRIDED_SLICE", (value, *bounds), begin_mask=1, end_mask=1, shrink_axis_mask=2)
    net.op("RELU", (channel,))
    net.op("MEAN", (value, net.integers([2])), keep_dims=False)
    net.conv(value, 2)


def constants_per_channel(net: ChannelsFirst) -> None:
    value = net.conv(net.image(FEATURES), 4)
    value = net.op("ADD", (net.op("MUL", (value, net.constant((1, 4, 1, 1)))), net.constant((4, 1, 1))))
    value = net.op("PRELU", (value, net.constant((4, 1, 1))))
    net.conv(net.op("SUB", (net.constant((1, 4, 6, 8)), value)), 2)


def softmax_over_channels(net: ChannelsFirst) -> None:
    """Written on the last dimension, between transposes of its own."""
    value = net.conv(net.image(FEATURES), 4)
    last = net.transpose(value, TO_LAST)
    quant = None if net.dtype is DType.FLOAT32 else Quant((1 / 256,), (-128,))
    value = net.transpose(net.build.node("SOFTMAX", (last,), dtype=net.dtype, quant=quant)[0], TO_FIRST)
    net.build.node("REDUCE_MAX", (value, net.integers([2, 3])), dtype=net.dtype, quant=quant)


def patches(net: ChannelsFirst) -> None:
    """As vision transformers: pixels become a sequence of rows of channels."""
    value = net.conv(net.image(IMAGE), 8, stride=2)
    _, channels, height, width = net.build.type_of(value).shape
    rows = net.op("RESHAPE", (value,), new_shape=(1, channels, height * width))
    net.build.node(
        "FULLY_CONNECTED",
        (net.transpose(rows, (0, 2, 1)), net.build.weights((3, channels), net.dtype), None),
        attrs={"keep_num_dims": True},
        dtype=net.dtype,
        quant=net.quant,
    )


def quantised_late(net: ChannelsFirst) -> None:
    """A float image is cheaper to transpose once it is int8."""
    image = net.build.input(TensorType(DType.FLOAT32, IMAGE))
    quant = Quant((0.0625,), (3,))
    net.dtype = DType.INT8
    value = net.build.node("QUANTIZE", (image,), dtype=DType.INT8, quant=quant)[0]
    net.conv(value, 4)


def channel_shuffle(net: ChannelsFirst) -> None:
    value = net.conv(net.image(FEATURES), 6)
    split = net.op("RESHAPE", (value,), new_shape=(1, 2, 3, 6, 8))
    mixed = net.op("RESHAPE", (net.transpose(split, (0, 2, 1, 3, 4)),), new_shape=(1, 6, 6, 8))
    net.conv(mixed, 4)


def one_channel(net: ChannelsFirst) -> None:
    head(net, net.conv(net.image((1, 1, 6, 7)), 4))


def written_channels_last(net: ChannelsFirst) -> None:
    """The input has the order that convolutions read."""
    value = net.op("NEG" if net.dtype is DType.FLOAT32 else "RELU", (net.image((1, 6, 7, 3)),))
    head(net, net.conv(net.transpose(value, TO_FIRST), 4))


# The transposes that must be left: one of the image's bytes, one of every output that is an image.
CASES: dict[str, tuple[Callable[[ChannelsFirst], None], int]] = {
    "residual network": (residual_network, 1),
    "inverted residuals": (inverted_residuals, 1),
    "squeeze and excite": (squeeze_and_excite, 2),
    "flatten": (flatten, 1),
    "concatenation and split": (concatenation, 3),
    "slices and padding": (slices_and_padding, 2),
    "dropped axis": (dropped_axis, 3),
    "constants per channel": (constants_per_channel, 2),
    "softmax over channels": (softmax_over_channels, 1),
    "patches": (patches, 1),
    "quantised late": (quantised_late, 2),
    "channel shuffle": (channel_shuffle, 3),
    "one channel": (one_channel, 0),
    "written channels last": (written_channels_last, 0),
}


def made(name: str, dtype: DType) -> Graph:
    build = GraphBuilder(np.random.default_rng(5))
    CASES[name][0](ChannelsFirst(build, dtype))
    return build.graph(name.replace(" ", "_"))


def transposes(graph: Graph) -> list[str]:
    return [node.outputs[0] for node in graph.nodes if node.op == "TRANSPOSE"]


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.INT8], ids=["float32", "int8"])
@pytest.mark.parametrize("name", CASES)
def test_transposes_are_gone(name: str, dtype: DType) -> None:
    graph = made(name, dtype)
    result = assign_layouts(graph)
    verify(result)
    check(result)
    assert len(transposes(result)) == CASES[name][1]
    assert all(moves_bytes(result, node) for node in result.nodes if node.op == "TRANSPOSE")
    assert assign_layouts(result) is result
    before, after = Interpreter(graph), Interpreter(result)
    for inputs in sample_inputs(graph, samples=4, seed=1):
        for expected, got in zip(before.run(inputs), after.run(inputs), strict=True):
            if dtype is DType.FLOAT32 and name == "flatten":
                # The terms of the matrix product are summed in another order.
                np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-4)
            else:
                np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    "name", ["inverted residuals", "squeeze and excite", "flatten", "slices and padding"]
)
def test_c_and_litert_agree(name: str) -> None:
    compare(made(name, DType.INT8), samples=3)


def test_filters_with_other_readers_keep_their_columns() -> None:
    net = ChannelsFirst(GraphBuilder(np.random.default_rng(1)), DType.INT8)
    value = net.conv(net.image(FEATURES), 2, stride=2)
    flat = net.op("RESHAPE", (value,), new_shape=(1, 24))
    weights = net.build.weights((3, 24), DType.INT8)
    for rows in (flat, net.image((1, 24))):
        net.op("FULLY_CONNECTED", (rows, weights, None))
    result = assign_layouts(net.build.graph())
    assert len(transposes(result)) == 2
