# SPDX-License-Identifier: Apache-2.0
"""Convolutions, matrix products and pools against LiteRT, their C on this computer, and the emulated Cortex-M4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from milliwatt.emit.emission import emit
from milliwatt.emit.emitted import Emitted
from milliwatt.ir import AttrValue, DType, Graph, Quant, Shape, TensorType
from milliwatt.lower.alternatives import Alternatives
from milliwatt.lower.lowering import lower
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.host import HostRunner
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.plan import plan
from milliwatt.samples import sample_inputs
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare
from milliwatt.testing.recipe import recipes

OPS = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "TRANSPOSE_CONV",
    "FULLY_CONNECTED",
    "BATCH_MATMUL",
    "AVERAGE_POOL_2D",
    "MAX_POOL_2D",
)
DSP_BOARD = "nucleo-l4r5zi"


def random_nodes(op: str, seed: int, *, nodes: int) -> Graph:
    """Some nodes of the operator for each of its element types."""
    build = GraphBuilder(np.random.default_rng(seed), max_elements=512)
    for dtype in recipes()[op].dtypes:
        for _ in range(nodes):
            recipes()[op].make(build, dtype)
    return build.graph()


@pytest.mark.parametrize("op", OPS)
def test_operator_agrees(op: str) -> None:
    compare(random_nodes(op, sum(map(ord, op)), nodes=3), samples=2)


@pytest.mark.long
@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("op", OPS)
def test_operator_agrees_on_many(op: str, numerics: Numerics) -> None:
    for seed in range(20):
        graph = random_nodes(op, seed, nodes=3)
        compare(graph, seed=seed, numerics=numerics, optimize="flash" if seed % 2 else "speed")


@pytest.mark.long
@pytest.mark.parametrize("op", OPS)
def test_operator_agrees_on_the_emulated_core(op: str) -> None:
    for seed in range(4):
        compare(random_nodes(op, seed, nodes=3), boards=(DSP_BOARD,), implementations=("emulator",))


@dataclass(frozen=True)
class Layer:
    """An int8 layer with constant weights.

    Attributes:
        op: the operator.
        data, weights: shapes.
        attrs: strides, padding, …
        zero_points: of data and output.
        spread: the largest weight; 128 stands for weights of -128 as well.
        output_scale: fine enough that outputs are spread over the whole range, unless it is given.
        kernel: the kernel that is meant for it on cores with DSP instructions.
    """

    op: str
    data: Shape
    weights: Shape
    kernel: str
    attrs: tuple[tuple[str, AttrValue], ...] = ()
    zero_points: tuple[int, int] = (-128, -128)
    spread: int = 127
    output_scale: float | None = None

    def graph(self) -> Graph:
        build = GraphBuilder(np.random.default_rng(len(self.data) + sum(self.weights)))
        data = build.input(TensorType(DType.INT8, self.data, Quant((0.02,), (self.zero_points[0],))))
        axis = 3 if self.op == "DEPTHWISE_CONV_2D" else 0
        channels = self.weights[axis]
        depth = int(np.prod(self.weights)) // channels
        array = build.random.integers(-min(self.spread, 127), min(self.spread, 127) + 1, self.weights)
        array[build.random.random(self.weights) < 0.05] = -self.spread
        scales = tuple(float(np.float32(scale)) for scale in build.random.uniform(0.005, 0.02, channels))
        weights = build.constant(array.astype(np.int8), Quant(scales, (0,) * channels, axis))
        bias = build.constant(build.random.integers(-3000, 3000, channels).astype(np.int32))
        scale = self.output_scale or 0.02 * 0.01 * 70 * np.sqrt(depth)
        quant = Quant((float(np.float32(scale)),), (self.zero_points[1],))
        build.node(self.op, (data, weights, bias), attrs=dict(self.attrs), dtype=DType.INT8, quant=quant)
        return build.graph()


def attrs(**values: AttrValue) -> tuple[tuple[str, AttrValue], ...]:
    return tuple(values.items())


SAME_2 = attrs(padding="SAME", stride_h=2, stride_w=2)
VALID = attrs(padding="VALID")
CONV, POINT = "mw_conv_s8_dsp", "mw_pointwise_s8_dsp"
LINES, LINES_2, QUADS = "mw_depthwise_3x3_s8_dsp", "mw_depthwise_3x3_stride_2_s8_dsp", "mw_depthwise_s8_dsp"
DENSE = "mw_fully_connected_s8_dsp"


def conv(data: Shape, weights: Shape, kernel: str = CONV, **changes: object) -> Layer:
    return Layer("CONV_2D", data, weights, kernel, **changes)  # type: ignore[arg-type]


def deep(data: Shape, weights: Shape, kernel: str = LINES, **changes: object) -> Layer:
    return Layer("DEPTHWISE_CONV_2D", data, weights, kernel, **changes)  # type: ignore[arg-type]


def dense(data: Shape, weights: Shape, kernel: str = DENSE, **changes: object) -> Layer:
    return Layer("FULLY_CONNECTED", data, weights, kernel, **changes)  # type: ignore[arg-type]


LAYERS: dict[str, Layer] = {
    "pointwise": conv((1, 5, 5, 8), (6, 1, 1, 8), POINT),
    "pointwise, one pixel": conv((1, 1, 1, 12), (4, 1, 1, 12), POINT),
    "pointwise, odd channels": conv((1, 3, 4, 7), (5, 1, 1, 7), POINT),
    "pointwise, one channel": conv((1, 2, 3, 1), (1, 1, 1, 1), POINT),
    "pointwise, long turns": conv((2, 2, 3, 64), (8, 1, 1, 64), POINT),
    "pointwise, signed": conv((1, 4, 4, 16), (4, 1, 1, 16), POINT, zero_points=(5, 17)),
    "pointwise, weights that cannot be packed": conv((1, 3, 3, 16), (8, 1, 1, 16), POINT, spread=128),
    "pointwise, part of the range": conv(
        (1, 3, 3, 8),
        (4, 1, 1, 8),
        POINT,
        attrs=attrs(fused_activation_function="RELU6"),
        zero_points=(3, -90),
    ),
    "window of whole words": conv((1, 6, 5, 4), (6, 3, 3, 4)),
    "window of an image": conv((1, 7, 9, 3), (8, 3, 3, 3), attrs=SAME_2),
    "window of a spectrogram": conv((1, 13, 8, 1), (6, 10, 4, 1), attrs=SAME_2, zero_points=(83, -128)),
    "window, odd everything": conv((2, 5, 5, 5), (3, 3, 5, 5), attrs=attrs(stride_w=3), zero_points=(-7, 4)),
    "window larger than the data": conv((1, 2, 2, 4), (2, 5, 5, 4)),
    "window, dilated downwards": conv((1, 9, 4, 4), (4, 3, 2, 4), attrs=attrs(dilation_h_factor=3)),
    "window, 1x1 with strides": conv((1, 6, 6, 8), (4, 1, 1, 8), attrs=SAME_2, zero_points=(-128, -17)),
    "window, too deep to be packed": conv((1, 3, 3, 100), (2, 3, 3, 100), spread=128, zero_points=(-128, 0)),
    "groups": conv((1, 5, 5, 4), (4, 3, 3, 2), "mw_conv_2d_s8"),
    "dilated across": conv((1, 5, 9, 4), (4, 3, 3, 4), "mw_conv_2d_s8", attrs=attrs(dilation_w_factor=2)),
    "multiplier above 1/2": conv((1, 2, 2, 4), (4, 1, 1, 4), "mw_conv_2d_s8", output_scale=1e-5),
    "rows in pairs": deep((1, 6, 7, 5), (1, 3, 3, 5)),
    "rows in pairs, odd": deep((1, 5, 4, 3), (1, 3, 3, 3), zero_points=(-20, -128)),
    "rows in pairs, signed": deep((2, 4, 4, 4), (1, 3, 3, 4), zero_points=(9, -3)),
    "rows in pairs, narrow": deep((1, 7, 1, 2), (1, 3, 3, 2)),
    "rows in pairs, flat": deep((1, 1, 6, 2), (1, 3, 3, 2)),
    "rows in pairs, single pixel": deep((1, 1, 1, 4), (1, 3, 3, 4)),
    "rows in pairs, no padding": deep((1, 6, 6, 3), (1, 3, 3, 3), attrs=VALID),
    "rows in pairs, no padding, odd": deep((1, 5, 3, 3), (1, 3, 3, 3), attrs=VALID),
    "rows in pairs, part of the range": deep(
        (1, 4, 5, 2), (1, 3, 3, 2), attrs=attrs(fused_activation_function="RELU6"), zero_points=(0, -100)
    ),
    "stride 2, even": deep((1, 6, 8, 3), (1, 3, 3, 3), LINES_2, attrs=SAME_2),
    "stride 2, odd": deep((1, 7, 5, 3), (1, 3, 3, 3), LINES_2, attrs=SAME_2, zero_points=(-128, 12)),
    "stride 2, no padding": deep((2, 7, 7, 3), (1, 3, 3, 3), LINES_2, attrs=(*SAME_2[1:], *VALID)),
    "stride 3 and 2": deep((1, 8, 6, 3), (1, 3, 3, 3), LINES_2, attrs=attrs(stride_h=3, stride_w=2)),
    "stride 2 and 1": deep((1, 6, 6, 4), (1, 3, 3, 4), QUADS, attrs=attrs(stride_h=2)),
    "any window": deep((1, 6, 7, 8), (1, 4, 5, 8), QUADS, attrs=attrs(dilation_w_factor=2)),
    "sequence": deep((1, 15, 1, 8), (1, 5, 1, 8), QUADS, attrs=VALID, zero_points=(-128, -2)),
    "sequence, padded": deep((1, 15, 1, 4), (1, 5, 1, 4), QUADS, attrs=attrs(stride_h=2), zero_points=(7, 0)),
    "depth multiplier": deep((1, 5, 5, 2), (1, 3, 3, 4), "mw_depthwise_conv_2d_s8"),
    "any window, odd channels": deep((1, 5, 5, 3), (1, 2, 2, 3), "mw_depthwise_conv_2d_s8"),
    "dense": dense((1, 16), (8, 16)),
    "dense, odd units": dense((3, 12), (7, 12), zero_points=(3, 14)),
    "dense, two units": dense((1, 64), (2, 64), zero_points=(-128, -5)),
    "dense, short": dense((1, 4), (1, 4)),
    "dense, weights that cannot be packed": dense((2, 32), (6, 32), spread=128),
    "dense, odd depth": dense((1, 7), (3, 7), "mw_fully_connected_s8"),
}


def built_with(graph: Graph, kernel: str, numerics: Numerics) -> Emitted:
    """The graph's C for the Cortex-M4, by the given kernel whatever other candidates there are."""

    def choose(alternatives: Alternatives) -> list[int]:
        return [
            [calls[0].kernel for calls in place.candidates].index(kernel) for place in alternatives.places
        ]

    program = lower(graph, core=board(DSP_BOARD).core, numerics=numerics, choose=choose)
    assert [call.kernel for call in program.calls] == [kernel]
    return emit(plan(program), name="layer")


def agrees(graph: Graph, kernel: str, numerics: Numerics) -> None:
    """On the host with the plain C of DSP instructions, and emulated with the instructions themselves."""
    emitted = built_with(graph, kernel, numerics)
    runners = {"host": HostRunner(emitted), "emulator": EmulatorRunner(emitted, board(DSP_BOARD))}
    meaning = Interpreter(graph, numerics)
    for inputs in sample_inputs(graph, samples=5, seed=0):
        expected = meaning.run(inputs)
        for name, runner in runners.items():
            for wanted, found in zip(expected, runner.run(inputs), strict=True):
                np.testing.assert_array_equal(found, wanted, name)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_agrees_with_litert(name: str) -> None:
    compare(LAYERS[name].graph(), samples=3, boards=("host",))


@pytest.mark.parametrize("numerics", [Numerics.LITERT, Numerics.FAST], ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("name", LAYERS)
def test_kernel_agrees(name: str, numerics: Numerics) -> None:
    agrees(LAYERS[name].graph(), LAYERS[name].kernel, numerics)


@pytest.mark.parametrize(
    ("shape", "window", "kernel"),
    [
        ((1, 15, 17, 4), (15, 17), "mw_average_pool_2d_s8_dsp"),
        ((1, 16, 16, 4), (16, 16), "mw_average_pool_2d_s8"),
        ((2, 5, 6, 8), (3, 2), "mw_average_pool_2d_s8_dsp"),
        ((1, 5, 6, 6), (3, 2), "mw_average_pool_2d_s8"),
    ],
    ids=["255 elements", "256 elements", "windows", "six channels"],
)
def test_averages_by_fours(shape: Shape, window: tuple[int, int], kernel: str) -> None:
    """Sums of the lowest values still fit 16 bits, and the division is exact for every sum."""
    build = GraphBuilder(np.random.default_rng(0))
    data = build.input(TensorType(DType.INT8, shape, Quant((0.1,), (-128,))))
    size: dict[str, AttrValue] = {"filter_height": window[0], "filter_width": window[1]}
    build.node("AVERAGE_POOL_2D", (data,), attrs=size, dtype=DType.INT8, quant=Quant((0.1,), (-128,)))
    graph = build.graph()
    agrees(graph, kernel, Numerics.LITERT)
    compare(graph, boards=(DSP_BOARD,))


def computed_filter(build: GraphBuilder) -> None:
    data = build.input(TensorType(DType.INT8, (1, 4, 4, 2), Quant((0.1,), (3,))))
    weights = build.input(TensorType(DType.INT8, (3, 2, 2, 2), Quant((0.02,), (0,))))
    bias = build.constant(np.array([5, -70, 9], np.int32))
    build.node("CONV_2D", (data, weights, bias), dtype=DType.INT8, quant=Quant((0.05,), (-9,)))


def computed_weights(build: GraphBuilder) -> None:
    data = build.input(TensorType(DType.INT8, (2, 8), Quant((0.1,), (3,))))
    weights = build.input(TensorType(DType.INT8, (3, 8), Quant((0.02,), (0,))))
    build.node("FULLY_CONNECTED", (data, weights), dtype=DType.INT8, quant=Quant((0.05,), (-9,)))


def offset_weights(build: GraphBuilder) -> None:
    data = build.input(TensorType(DType.INT8, (2, 8), Quant((0.1,), (3,))))
    weights = build.constant(np.arange(-12, 12, dtype=np.int8).reshape(3, 8), Quant((0.02,), (-5,)))
    build.node("FULLY_CONNECTED", (data, weights), dtype=DType.INT8, quant=Quant((0.05,), (-9,)))


def sums(build: GraphBuilder) -> None:
    left = build.input(TensorType(DType.INT8, (2, 3, 4), Quant((0.1,), (3,))))
    right = build.input(TensorType(DType.INT8, (4, 5), Quant((0.02,), (-7,))))
    build.node("BATCH_MATMUL", (left, right), dtype=DType.INT32, quant=Quant((0.002,), (0,)))


SPECIAL: dict[str, Callable[[GraphBuilder], None]] = {
    "filter computed at run time": computed_filter,
    "weights computed at run time": computed_weights,
    "weights with a zero point": offset_weights,
    "products left in 32 bits": sums,
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_use_agrees(name: str) -> None:
    build = GraphBuilder(np.random.default_rng(0))
    SPECIAL[name](build)
    compare(build.graph(), samples=3)


def test_layers_of_different_sizes_share_their_code() -> None:
    """Two pointwise layers of different sizes: one set of parameters, and so one instance of the kernel."""
    calls = []
    for inputs, outputs in ((16, 32), (32, 16)):
        graph = conv((1, 4, 4, inputs), (outputs, 1, 1, inputs), POINT).graph()
        calls += built_with(graph, POINT, Numerics.LITERT).plan.program.calls
    assert calls[0].params == calls[1].params
