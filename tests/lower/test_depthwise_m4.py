# SPDX-License-Identifier: Apache-2.0
"""Hand-allocated int8 depthwise kernels: the C form and the assembly against the meaning, over shapes and ranges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.lower.depthwise_3x3_stride_2_s8_m4 import bands, distance
from milliwatt.measure.profile import profile
from milliwatt.ops import Numerics
from milliwatt.ops.window import Axis
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

BOARD = "nucleo-l4r5zi"
WHOLE = {"padding": "SAME"}
INSIDE = {"padding": "VALID"}
HALVED = {"stride_h": 2, "stride_w": 2}
STRIDE_1, STRIDE_2 = "mw_depthwise_3x3_s8_m4", "mw_depthwise_3x3_stride_2_s8_m4"


def around(top: int, bottom: int, left: int, right: int) -> dict[str, Any]:
    """Explicit padding."""
    return {"padding": "VALID", "explicit_padding": (top, bottom, left, right)}


@dataclass(frozen=True)
class Layer:
    """One DEPTHWISE_CONV_2D on an input of its own.

    Attributes:
        shape: of the input.
        attrs: padding and strides.
        window: height and width.
        spread: the channels' multipliers differ by up to 2**spread.
        zero_points: of input and output.
        activation: the fused one.
    """

    shape: tuple[int, int, int, int]
    attrs: dict[str, Any] = field(default_factory=lambda: WHOLE)
    window: tuple[int, int] = (3, 3)
    spread: float = 3
    zero_points: tuple[int, int] = (7, -128)
    activation: str = "RELU"


def graph_of(layers: Iterable[Layer], *, seed: int = 0) -> Graph:
    """The layers side by side, with random weights: one program is compiled for all of them."""
    random = np.random.default_rng(seed)
    build = GraphBuilder(random)
    for layer in layers:
        _append(build, random, layer)
    return build.graph()


def _append(build: GraphBuilder, random: np.random.Generator, layer: Layer) -> None:
    channels = layer.shape[3]
    data = build.input(TensorType(DType.INT8, layer.shape, Quant((0.05,), (layer.zero_points[0],))))
    scales = 2.0 ** (-9 + random.uniform(0, layer.spread, channels))
    quant = Quant(tuple(float(np.float32(scale)) for scale in scales), (0,) * channels, 3)
    weights = build.constant(random.integers(-127, 128, (1, *layer.window, channels)).astype(np.int8), quant)
    bias_scales = tuple(float(np.float32(np.float32(0.05) * np.float32(scale))) for scale in quant.scale)
    bias_quant = Quant(bias_scales, (0,) * channels, 0)
    bias = build.constant(random.integers(-9000, 9000, channels).astype(np.int32), bias_quant)
    attrs = {"stride_h": 1, "stride_w": 1, "fused_activation_function": layer.activation, **layer.attrs}
    output = Quant((0.08,), (layer.zero_points[1],))
    build.node("DEPTHWISE_CONV_2D", (data, weights, bias), attrs=attrs, dtype=DType.INT8, quant=output)


def kernels_of(graph: Graph, *, optimize: str = "speed", **options: Any) -> list[str]:
    """The kernels that are chosen."""
    build = compile_graph(graph, Options(board=board(BOARD), optimize=optimize, **options))
    return [call.kernel for call in build.program.calls]


def agree(graph: Graph, *, optimize: str = "speed", **options: Any) -> None:
    """Host and emulator against the meaning."""
    implementations = ("host", "emulator")
    compare(graph, samples=3, boards=(BOARD,), implementations=implementations, optimize=optimize, **options)


STRIDE_1_SHAPES = {
    "odd rows, looped": Layer((1, 19, 4, 3)),
    "even rows, looped": Layer((1, 18, 6, 2)),
    "turned, odd columns": Layer((1, 25, 5, 8)),
    "one pixel beside another": Layer((1, 1, 2, 5)),
    "one column": Layer((2, 6, 1, 3)),
    "one row inside": Layer((1, 3, 9, 4), INSIDE),
    "two rows inside": Layer((1, 4, 5, 3), INSIDE),
    "looped inside, even": Layer((1, 12, 12, 2), INSIDE),
    "looped inside, odd": Layer((1, 13, 11, 2), INSIDE),
    "long rows": Layer((1, 3, 61, 2)),
    "long columns": Layer((1, 45, 2, 3)),
    "above and left": Layer((1, 8, 9, 3), around(1, 0, 1, 0)),
    "below and right": Layer((1, 9, 8, 3), around(0, 1, 0, 1)),
    "several images": Layer((3, 5, 4, 6), INSIDE),
    "distant pixels": Layer((1, 4, 5, 700)),
}
STRIDE_2_SHAPES = {
    "even, as TensorFlow pads": Layer((1, 16, 16, 5), {**WHOLE, **HALVED}),
    "even, as PyTorch pads": Layer((1, 12, 12, 5), {**around(1, 1, 1, 1), **HALVED}),
    "odd": Layer((1, 11, 13, 3), {**WHOLE, **HALVED}),
    "odd inside": Layer((1, 15, 9, 3), {**INSIDE, **HALVED}),
    "a column and a row left over": Layer((1, 8, 10, 3), {**INSIDE, **HALVED}),
    "two columns, both at the border": Layer((1, 9, 3, 4), {**WHOLE, **HALVED}),
    "three columns": Layer((1, 6, 6, 4), {**WHOLE, **HALVED}),
    "one row": Layer((1, 2, 8, 3), {**WHOLE, **HALVED}),
    "long columns, odd": Layer((1, 66, 7, 2), {**WHOLE, **HALVED}),
    "long columns, even": Layer((1, 36, 6, 2), {**WHOLE, **HALVED}),
    "several images": Layer((3, 6, 8, 5), {**WHOLE, **HALVED}),
    "rows beyond the reach of a load": Layer((1, 40, 12, 380), {**WHOLE, **HALVED}),
    "below and right": Layer((1, 9, 8, 3), {**around(0, 1, 0, 1), **HALVED}),
}


BANDED_SHAPES = {
    "even bands": Layer((1, 24, 24, 8)),
    "odd bands": Layer((1, 30, 18, 12)),
    "three bands": Layer((1, 33, 21, 16)),
    "inside": Layer((1, 26, 30, 8), INSIDE),
    "long rows": Layer((1, 8, 70, 8)),
    "rows of whole chunks": Layer((1, 8, 64, 8)),
    "above and left": Layer((1, 25, 25, 8), around(1, 0, 1, 0)),
    "below and right": Layer((1, 25, 25, 8), around(0, 1, 0, 1)),
    "several images": Layer((2, 24, 22, 8)),
    "distant rows": Layer((1, 24, 24, 60)),
}


def test_stride_1() -> None:
    graph = graph_of(STRIDE_1_SHAPES.values())
    assert kernels_of(graph) == [STRIDE_1] * len(STRIDE_1_SHAPES)
    agree(graph)


def test_bands_of_stride_1() -> None:
    graph = graph_of(BANDED_SHAPES.values())
    build = compile_graph(graph, Options(board=board(BOARD), optimize="ram"))
    assert all(call.kernel == STRIDE_1 and call.params["bands"] > 1 for call in build.program.calls)
    agree(graph, optimize="ram")


@pytest.mark.parametrize("optimize", ["speed", "ram"])
def test_stride_2(optimize: str) -> None:
    """With "speed" the image is one band, with "ram" there are several."""
    graph = graph_of(STRIDE_2_SHAPES.values())
    assert kernels_of(graph, optimize=optimize) == [STRIDE_2] * len(STRIDE_2_SHAPES)
    agree(graph, optimize=optimize)


def test_bands_grow() -> None:
    """Where the output may begin two rows below the input, three bands do for 24 rows, and 8 for 4000."""
    rows = Axis(input=48, output=24, window=3, stride=2, dilation=1, before=0)
    lengths = bands(rows, in_row=768, out_row=384, room=768)
    assert lengths == (2, 8, 14)
    assert distance(rows, lengths, in_row=768, out_row=384) <= 768
    many = Axis(input=8000, output=4000, window=3, stride=2, dilation=1, before=1)
    assert len(bands(many, in_row=768, out_row=384, room=384)) <= 8


def ranges(shape: tuple[int, int, int, int], attrs: dict[str, Any]) -> dict[str, Layer]:
    """Zero points, activations and multipliers that reach each form of rescaling."""
    return {
        "behind a ReLU": Layer(shape, attrs, zero_points=(-128, -128)),
        "with a zero point inside": Layer(shape, attrs, zero_points=(-4, 9)),
        "signed, one shift": Layer(shape, attrs, spread=0, zero_points=(-128, 3), activation="NONE"),
        "signed, a shift per channel": Layer(shape, attrs, zero_points=(127, 3), activation="NONE"),
        "narrow": Layer(shape, attrs, spread=0, zero_points=(0, 0), activation="RELU_N1_TO_1"),
        "half the range": Layer(shape, attrs, spread=1, zero_points=(0, 0)),
        "multipliers far apart": Layer(shape, attrs, spread=9, zero_points=(-128, -128)),
    }


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.name)
def test_ranges(numerics: Numerics) -> None:
    layers = [
        *ranges((1, 7, 8, 5), WHOLE).values(),
        *ranges((1, 16, 4, 5), WHOLE).values(),
        *ranges((1, 9, 10, 5), {**WHOLE, **HALVED}).values(),
    ]
    graph = graph_of(layers)
    third = len(layers) // 3
    assert kernels_of(graph, numerics=numerics) == [STRIDE_1] * 2 * third + [STRIDE_2] * third
    agree(graph, numerics=numerics)


def test_forms_of_rescaling() -> None:
    """The cases above reach each form: shared and own shifts, with and without the correction of the sign."""
    wanted = {
        "behind a ReLU": (False, 0, 0),
        "signed, one shift": (False, 1, 1),
        "signed, a shift per channel": (True, 1, 1),
    }
    for name, form in wanted.items():
        graph = graph_of([ranges((1, 7, 8, 5), WHOLE)[name]])
        (call,) = compile_graph(graph, Options(board=board(BOARD), optimize="speed")).program.calls
        assert (call.params["shift"] < 0, call.params["rounded"], call.params["negative"]) == form, name


def test_output_takes_the_place_of_the_input() -> None:
    build = compile_graph(graph_of([Layer((1, 20, 20, 16))]), Options(board=board(BOARD)))
    (call,) = build.program.calls
    assert build.plan.offset_of(call.reads[0]) == build.plan.offset_of(call.writes[0])
    assert build.plan.arena_bytes <= 20 * 20 * 16 + call.scratch[0].bytes + 8


def test_what_the_user_wants() -> None:
    """A plane larger than what the C kernel needs, or code for a small layer, are not always what was asked for."""
    kernels = {3: STRIDE_1, 0: "mw_depthwise_3x3_s8_dsp"}
    graph = graph_of([Layer((1, 41, 41, 4)), Layer((1, 12, 12, 32)), Layer((1, 4, 4, 2))])
    wanted = {"speed": (3, 3, 3), "balanced": (3, 3, 0), "ram": (0, 3, 3), "flash": (0, 0, 0)}
    for optimize, chosen in wanted.items():
        assert kernels_of(graph, optimize=optimize) == [kernels[index] for index in chosen], optimize


ONE_AXIS = {
    "three taps": Layer((1, 30, 1, 5), INSIDE, (3, 1)),
    "five taps, whole blocks": Layer((1, 28, 1, 6), INSIDE, (5, 1)),
    "ten taps, an odd rest": Layer((1, 24, 1, 5), INSIDE, (10, 1)),
    "sixteen taps": Layer((1, 40, 1, 3), INSIDE, (16, 1)),
    "two taps, two outputs": Layer((1, 3, 1, 4), INSIDE, (2, 1)),
    "fifteen taps, three outputs": Layer((1, 17, 1, 4), INSIDE, (15, 1)),
    "distant elements": Layer((1, 20, 1, 300), INSIDE, (7, 1)),
    "columns side by side": Layer((1, 21, 3, 4), INSIDE, (4, 1)),
    "several sequences": Layer((3, 19, 1, 4), INSIDE, (6, 1)),
    "along rows": Layer((2, 3, 18, 4), INSIDE, (1, 5)),
    "one channel": Layer((1, 1, 70, 1), INSIDE, (1, 9)),
    "signed, one shift": Layer((1, 20, 1, 4), INSIDE, (5, 1), 0, (-128, 3), "NONE"),
    "signed, a shift per channel": Layer((1, 20, 1, 4), INSIDE, (5, 1), 3, (-128, 3), "NONE"),
}


@pytest.mark.parametrize("numerics", [Numerics.LITERT, Numerics.FAST], ids=lambda numerics: numerics.name)
def test_one_axis(numerics: Numerics) -> None:
    graph = graph_of(ONE_AXIS.values())
    assert kernels_of(graph, numerics=numerics) == ["mw_depthwise_1d_s8_m4"] * len(ONE_AXIS)
    agree(graph, numerics=numerics)


COLUMN = {
    "a line of five": Layer((1, 5, 1, 32), INSIDE, (5, 1)),
    "a line of ten": Layer((1, 10, 1, 12), INSIDE, (10, 1), 0),
    "two taps": Layer((1, 2, 1, 8), INSIDE, (2, 1)),
    "one tap": Layer((1, 1, 1, 8), INSIDE, (1, 1)),
    "one row": Layer((1, 1, 7, 4), INSIDE, (1, 7)),
    "an image": Layer((1, 3, 3, 16), INSIDE),
    "turns": Layer((1, 40, 1, 4), INSIDE, (40, 1)),
    "turns and a last tap": Layer((1, 23, 1, 8), INSIDE, (23, 1)),
    "distant taps": Layer((1, 9, 1, 520), INSIDE, (9, 1)),
    "mostly padding": Layer((1, 1, 1, 8), WHOLE),
    "padding at two sides": Layer((1, 2, 2, 8), {**WHOLE, "stride_h": 3, "stride_w": 3}, (4, 4)),
}


def test_column() -> None:
    graph = graph_of(COLUMN.values())
    assert kernels_of(graph) == ["mw_depthwise_column_s8_m4"] * len(COLUMN)
    agree(graph)
    compare(graph_of(COLUMN.values(), seed=1), samples=2, boards=(BOARD,), implementations=("litert",))


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.name)
def test_column_ranges(numerics: Numerics) -> None:
    """Whatever the form of rescaling: those without a short one for weights as they are take the C kernel."""
    layers = ranges((1, 5, 1, 8), {**INSIDE})
    graph = graph_of([replace(layer, window=(5, 1)) for layer in layers.values()])
    kernels = kernels_of(graph, numerics=numerics)
    assert kernels.count("mw_depthwise_column_s8_m4") >= len(layers) - 1
    agree(graph, numerics=numerics)


def test_column_leaves_no_more_than_its_output() -> None:
    """The output may lie where the input begins."""
    build = compile_graph(graph_of([COLUMN["a line of five"]]), Options(board=board(BOARD), optimize="speed"))
    assert build.plan.arena_bytes == 5 * 32


def test_column_cycles() -> None:
    graph = graph_of([Layer((1, 14, 1, 128), INSIDE, (14, 1))])
    build = compile_graph(graph, Options(board=board(BOARD), optimize="speed"))
    result = profile(build.emitted, board(BOARD), source_macs=0, samples=0)
    assert result.core_cycles is not None
    assert result.core_cycles < 14 * 128 * 2.45 + 128 * 12 + 200


@pytest.mark.long
@pytest.mark.parametrize("attrs", [WHOLE, {**WHOLE, **HALVED}], ids=["stride 1", "stride 2"])
@pytest.mark.parametrize("seed", range(20))
def test_random(seed: int, attrs: dict[str, Any]) -> None:
    random = np.random.default_rng(seed)
    layers = []
    for _ in range(4):
        height, width, channels = (int(size) for size in random.integers((1, 3, 1), (30, 30, 9)))
        layers.append(
            Layer(
                (int(random.integers(1, 3)), height, width, channels),
                attrs,
                spread=float(random.uniform(0, 6)),
                zero_points=(int(random.integers(-128, 128)), int(random.integers(-128, 128))),
                activation=str(random.choice(["NONE", "RELU", "RELU6"])),
            )
        )
    goal = ("speed", "balanced", "ram")[seed // 3 % 3]
    agree(graph_of(layers, seed=seed), numerics=list(Numerics)[seed % 3], seed=seed, optimize=goal)
