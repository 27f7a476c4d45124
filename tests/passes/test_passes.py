# SPDX-License-Identifier: Apache-2.0
"""Every pass keeps every output byte, under every contract; the graphs are built to make each one act."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise, passes
from milliwatt.passes.drop_channels import drop_channels
from milliwatt.samples import sample_inputs
from milliwatt.testing.builder import GraphBuilder


def quant(scale: float, zero_point: int) -> Quant:
    """Per-tensor quantisation with the scale rounded to float32."""
    return Quant((float(np.float32(scale)),), (zero_point,))


def channel_quant(scale: float, channels: int, axis: int = 0) -> Quant:
    """The same scale for every channel, zero points 0."""
    return Quant((float(np.float32(scale)),) * channels, (0,) * channels, axis)


IMAGE = TensorType(DType.INT8, (1, 6, 6, 8), quant(0.05, -3))


def builder(seed: int = 0) -> GraphBuilder:
    return GraphBuilder(np.random.default_rng(seed))


def convolution(build: GraphBuilder, data: str, *, out: int, window: int = 1, padding: str = "SAME",
                dead: tuple[int, ...] = (), activation: str = "NONE", zero_point: int = -128) -> str:  # fmt: skip
    """A CONV_2D with a bias whose filters ``dead`` are all zero."""
    channels = build.type_of(data).shape[-1]
    weights = build.random.integers(-127, 128, (out, window, window, channels)).astype(np.int8)
    weights[list(dead)] = 0
    name = build.constant(weights, channel_quant(0.004, out))
    bias = build.constant(build.random.integers(-3000, 3000, out).astype(np.int32),
                          channel_quant(0.0002, out))  # fmt: skip
    attrs = {"padding": padding, "fused_activation_function": activation}
    return build.node(
        "CONV_2D", (data, name, bias), attrs=attrs, dtype=DType.INT8, quant=quant(0.06, zero_point)
    )[0]


def depthwise(build: GraphBuilder, data: str, *, zero_point: int = -128) -> str:
    """A DEPTHWISE_CONV_2D of 3x3 with a bias."""
    channels = build.type_of(data).shape[-1]
    weights = build.random.integers(-127, 128, (1, 3, 3, channels)).astype(np.int8)
    name = build.constant(weights, channel_quant(0.004, channels, 3))
    bias = build.constant(build.random.integers(-3000, 3000, channels).astype(np.int32),
                          channel_quant(0.0002, channels))  # fmt: skip
    attrs = {"padding": "SAME", "depth_multiplier": 1}
    return build.node("DEPTHWISE_CONV_2D", (data, name, bias), attrs=attrs, dtype=DType.INT8,
                      quant=quant(0.06, zero_point))[0]  # fmt: skip


def dead_filters() -> Graph:
    """Constant channels through a pointwise layer, with a constant that is not the zero point."""
    build = builder()
    first = convolution(build, build.input(IMAGE), out=12, dead=(0, 3, 4, 11), zero_point=5)
    convolution(build, first, out=6)
    return build.graph()


def dead_filters_before_padding() -> Graph:
    """Constants before a layer that pads: only those equal to the zero point may go."""
    build = builder(1)
    first = convolution(build, build.input(IMAGE), out=12, dead=(1, 2, 7), activation="RELU")
    convolution(build, first, out=6, window=3)
    return build.graph()


def dead_chain() -> Graph:
    """Constants through depthwise layers, pools and an element-wise operator."""
    build = builder(2)
    value = convolution(build, build.input(IMAGE), out=16, dead=(0, 1, 2, 3, 9), activation="RELU")
    value = depthwise(build, value)
    value = convolution(build, value, out=10, dead=(5,), activation="RELU")
    window = {"padding": "VALID", "filter_height": 6, "filter_width": 6, "stride_h": 1, "stride_w": 1}
    scale = build.type_of(value).quant
    value = build.node("AVERAGE_POOL_2D", (value,), attrs=window, dtype=DType.INT8, quant=scale)[0]
    shape = build.constant(np.array([1, 10], np.int32))
    value = build.node("RESHAPE", (value, shape), attrs={"new_shape": (1, 10)}, dtype=DType.INT8,
                       quant=build.type_of(value).quant)[0]  # fmt: skip
    weights = build.weights((4, 10), DType.INT8)
    build.node("FULLY_CONNECTED", (value, weights, None), dtype=DType.INT8, quant=quant(0.1, 7))
    return build.graph()


def dead_residual() -> Graph:
    """Both sides of an ADD must lose the same channels."""
    build = builder(3)
    first = convolution(build, build.input(IMAGE), out=8, dead=(0, 6), activation="RELU")
    second = convolution(build, first, out=8, dead=(0, 5), activation="RELU")
    total = build.node("ADD", (first, second), dtype=DType.INT8, quant=quant(0.1, -128))[0]
    convolution(build, total, out=3)
    return build.graph()


def fused_activation() -> Graph:
    build = builder(4)
    value = convolution(build, build.input(IMAGE), out=4, zero_point=-20)
    build.node("RELU6", (value,), dtype=DType.INT8, quant=build.type_of(value).quant)
    return build.graph()


def fused_padding() -> Graph:
    build = builder(5)
    amounts = build.constant(np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32))
    data = build.input(IMAGE)
    padded = build.node("PAD", (data, amounts), dtype=DType.INT8, quant=IMAGE.quant)[0]
    convolution(build, padded, out=5, window=3, padding="VALID")
    return build.graph()


def chain_of_tables() -> Graph:
    build = builder(6)
    value = build.input(IMAGE)
    value = build.node("DEQUANTIZE", (value,), dtype=DType.FLOAT32)[0]
    value = build.node("ABS", (value,), dtype=DType.FLOAT32)[0]
    value = build.node("QUANTIZE", (value,), dtype=DType.INT8, quant=quant(0.05, -100))[0]
    build.node("LOGISTIC", (value,), dtype=DType.INT8, quant=quant(1 / 256, -128))
    return build.graph()


def cancelling_moves() -> Graph:
    build = builder(7)
    value = build.input(IMAGE)
    for permutation in ([0, 3, 1, 2], [0, 2, 3, 1]):
        order = build.constant(np.array(permutation, np.int32))
        value = build.node("TRANSPOSE", (value, order), dtype=DType.INT8, quant=IMAGE.quant)[0]
    convolution(build, value, out=2)
    return build.graph()


def quantise_and_back() -> Graph:
    build = builder(8)
    value = build.node("DEQUANTIZE", (build.input(IMAGE),), dtype=DType.FLOAT32)[0]
    value = build.node("QUANTIZE", (value,), dtype=DType.INT8, quant=IMAGE.quant)[0]
    convolution(build, value, out=2)
    return build.graph()


CASES: dict[str, tuple[Callable[[], Graph], set[str]]] = {
    "dead filters": (dead_filters, {"CONV_2D"}),
    "dead filters before padding": (dead_filters_before_padding, {"CONV_2D"}),
    "dead chain": (
        dead_chain,
        {"CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED"},
    ),
    "dead residual": (dead_residual, {"CONV_2D", "ADD"}),
    "fused activation": (fused_activation, {"CONV_2D"}),
    "fused padding": (fused_padding, {"CONV_2D"}),
    "chain of tables": (chain_of_tables, {"LOOKUP"}),
    "cancelling moves": (cancelling_moves, {"CONV_2D"}),
    "quantise and back": (quantise_and_back, {"CONV_2D"}),
}


@pytest.mark.parametrize("numerics", Numerics)
@pytest.mark.parametrize("name", CASES)
def test_passes_keep_every_byte_and_leave_these_operators(name: str, numerics: Numerics) -> None:
    make, left = CASES[name]
    graph = make()
    result = optimise(graph, numerics)
    assert {node.op for node in result.nodes} == left
    before, after = Interpreter(graph, numerics), Interpreter(result, numerics)
    for inputs in sample_inputs(graph, samples=20, seed=3):
        for expected, got in zip(before.run(inputs), after.run(inputs), strict=True):
            np.testing.assert_array_equal(expected, got)


CHANNELS = {
    "dead filters": (dead_filters, [8, 6]),
    "dead filters before padding": (dead_filters_before_padding, None),
    "dead chain": (dead_chain, None),
    "dead residual": (dead_residual, None),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_dead_channels_are_gone(name: str) -> None:
    make, expected = CHANNELS[name]
    graph = make()
    result = optimise(graph)
    before = [graph.values[node.outputs[0]].shape[-1] for node in graph.nodes if node.op == "CONV_2D"]
    after = [result.values[node.outputs[0]].shape[-1] for node in result.nodes if node.op == "CONV_2D"]
    assert sum(after) < sum(before)
    if expected is not None:
        assert after == expected


def test_half_of_visual_wake_words_is_dead(shared_model: Callable[[str], object]) -> None:
    from milliwatt.ops import find, signature
    from milliwatt.pipeline import load

    graph = load(str(shared_model("vww_int8.tflite")))

    def macs(which: Graph) -> int:
        return sum(find(node.op).macs(signature(which, node)) for node in which.nodes)

    assert macs(graph) == 7_489_664
    assert macs(optimise(graph)) < 0.55 * macs(graph)


def test_passes_are_ordered_and_reasoned() -> None:
    orders = [entry.order for entry in passes()]
    assert orders == sorted(orders)
    assert all(entry.reason for entry in passes())


def test_channels_of_constants_stay() -> None:
    """Layers whose data are constants stand beside layers with dead channels; folding has not run yet."""
    build = builder(9)
    constant = build.constant(build.random.integers(-128, 128, IMAGE.shape).astype(np.int8), IMAGE.quant)
    makers = (
        lambda: build.node("RELU", (constant,), dtype=DType.INT8, quant=quant(0.06, -128))[0],
        lambda: convolution(build, constant, out=8, dead=(2,)),
        lambda: depthwise(build, constant),
    )
    first = convolution(build, build.input(IMAGE), out=8, dead=(1, 5))
    for make in makers:
        first = build.node("ADD", (first, make()), dtype=DType.INT8, quant=quant(0.1, 0))[0]
    convolution(build, first, out=3)
    graph = build.graph()
    cut = drop_channels(graph, Numerics.LITERT)
    for inputs in sample_inputs(graph, samples=4, seed=3):
        for left, right in zip(Interpreter(graph).run(inputs), Interpreter(cut).run(inputs), strict=True):
            assert np.array_equal(left, right)
