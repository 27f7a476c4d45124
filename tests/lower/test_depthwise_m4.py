# SPDX-License-Identifier: Apache-2.0
"""Hand-allocated int8 depthwise kernels: the C form and the assembly against the meaning, over shapes and ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

BOARD = "nucleo-l4r5zi"
WHOLE = {"padding": "SAME"}
INSIDE = {"padding": "VALID"}


def around(top: int, bottom: int, left: int, right: int) -> dict[str, Any]:
    """Explicit padding."""
    return {"padding": "VALID", "explicit_padding": (top, bottom, left, right)}


def depthwise(
    shape: tuple[int, int, int, int],
    attrs: dict[str, Any],
    *,
    seed: int = 0,
    window: tuple[int, int] = (3, 3),
    spread: float = 3,
    zero_points: tuple[int, int] = (-128, -128),
    activation: str = "RELU",
) -> Graph:
    """One DEPTHWISE_CONV_2D with random weights, whose multipliers differ by 2**spread."""
    random = np.random.default_rng(seed)
    build = GraphBuilder(random)
    channels = shape[3]
    data = build.input(TensorType(DType.INT8, shape, Quant((0.05,), (zero_points[0],))))
    scales = 2.0 ** (-9 + random.uniform(0, spread, channels))
    quant = Quant(tuple(float(np.float32(scale)) for scale in scales), (0,) * channels, 3)
    weights = build.constant(random.integers(-127, 128, (1, *window, channels)).astype(np.int8), quant)
    bias_scales = tuple(float(np.float32(np.float32(0.05) * np.float32(scale))) for scale in quant.scale)
    bias_quant = Quant(bias_scales, (0,) * channels, 0)
    bias = build.constant(random.integers(-9000, 9000, channels).astype(np.int32), bias_quant)
    filled = {"stride_h": 1, "stride_w": 1, "fused_activation_function": activation, **attrs}
    output = Quant((0.08,), (zero_points[1],))
    build.node("DEPTHWISE_CONV_2D", (data, weights, bias), attrs=filled, dtype=DType.INT8, quant=output)
    return build.graph()


def kernel_of(graph: Graph, *, optimize: str = "speed", **options: Any) -> tuple[str, dict[str, int | float]]:
    """The kernel that is chosen, with its parameters."""
    (call,) = compile_graph(graph, Options(board=board(BOARD), optimize=optimize, **options)).program.calls
    return call.kernel, dict(call.params)


def agree(graph: Graph, *, optimize: str = "speed", **options: Any) -> None:
    """Host and emulator against the meaning."""
    implementations = ("host", "emulator")
    compare(graph, samples=3, boards=(BOARD,), implementations=implementations, optimize=optimize, **options)


SHAPES = {
    "odd rows, looped": ((1, 19, 4, 3), WHOLE),
    "even rows, looped": ((1, 18, 6, 2), WHOLE),
    "turned, odd columns": ((1, 25, 5, 8), WHOLE),
    "one pixel beside another": ((1, 1, 2, 5), WHOLE),
    "one column": ((2, 6, 1, 3), WHOLE),
    "one row inside": ((1, 3, 9, 4), INSIDE),
    "two rows inside": ((1, 4, 5, 3), INSIDE),
    "looped inside, even": ((1, 12, 12, 2), INSIDE),
    "looped inside, odd": ((1, 13, 11, 2), INSIDE),
    "long rows": ((1, 3, 61, 2), WHOLE),
    "long columns": ((1, 45, 2, 3), WHOLE),
    "above and left": ((1, 8, 9, 3), around(1, 0, 1, 0)),
    "below and right": ((1, 9, 8, 3), around(0, 1, 0, 1)),
    "several images": ((3, 5, 4, 6), INSIDE),
    "distant pixels": ((1, 4, 5, 700), WHOLE),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    shape, attrs = SHAPES[name]
    graph = depthwise(shape, attrs, zero_points=(7, -128))
    assert kernel_of(graph)[0] == "mw_depthwise_3x3_s8_m4"
    agree(graph)


RANGES = {
    "behind a ReLU": (Numerics.LITERT, 3.0, (-128, -128), "RELU"),
    "behind a ReLU with a zero point inside": (Numerics.TFLM, 3.0, (-4, 9), "RELU"),
    "signed, one shift": (Numerics.LITERT, 0.0, (-128, 3), "NONE"),
    "signed, a shift per channel": (Numerics.TFLM, 3.0, (127, 3), "NONE"),
    "narrow": (Numerics.LITERT, 0.0, (0, 0), "RELU_N1_TO_1"),
    "half the range": (Numerics.LITERT, 1.0, (0, 0), "RELU"),
    "one rounding": (Numerics.FAST, 5.0, (-128, 3), "NONE"),
    "multipliers far apart": (Numerics.LITERT, 9.0, (-128, -128), "RELU"),
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges(name: str) -> None:
    numerics, spread, zero_points, activation = RANGES[name]
    for seed, shape in enumerate([(1, 7, 8, 5), (1, 16, 4, 5)]):
        graph = depthwise(
            shape, WHOLE, seed=seed, spread=spread, zero_points=zero_points, activation=activation
        )
        assert kernel_of(graph, numerics=numerics)[0] == "mw_depthwise_3x3_s8_m4"
        agree(graph, numerics=numerics, seed=seed)


def test_forms_of_rescaling() -> None:
    """The cases above reach each form: shared and own shifts, with and without the correction of the sign."""
    wanted = {
        "behind a ReLU": (False, 0, 0),
        "signed, one shift": (False, 1, 1),
        "signed, a shift per channel": (True, 1, 1),
        "one rounding": (False, 0, 0),
    }
    for name, form in wanted.items():
        numerics, spread, zero_points, activation = RANGES[name]
        graph = depthwise((1, 7, 8, 5), WHOLE, spread=spread, zero_points=zero_points, activation=activation)
        _, params = kernel_of(graph, numerics=numerics)
        assert (params["shift"] < 0, params["rounded"], params["negative"]) == form, name


def test_output_takes_the_place_of_the_input() -> None:
    build = compile_graph(depthwise((1, 20, 20, 16), WHOLE), Options(board=board(BOARD), optimize="speed"))
    (call,) = build.program.calls
    assert build.plan.offset_of(call.reads[0]) == build.plan.offset_of(call.writes[0])
    assert build.plan.arena_bytes <= 20 * 20 * 16 + call.scratch[0].bytes + 8


def test_what_the_user_wants() -> None:
    """A plane larger than what the C kernel needs, or code for a small layer, are not always what was asked for."""
    names = {3: "mw_depthwise_3x3_s8_m4", 0: "mw_depthwise_3x3_s8_dsp"}
    layers = {(1, 48, 48, 4): (3, 3, 0, 0), (1, 12, 12, 32): (3, 3, 3, 0), (1, 6, 6, 8): (3, 0, 3, 0)}
    for shape, wanted in layers.items():
        graph = depthwise(shape, WHOLE)
        for optimize, index in zip(("speed", "balanced", "ram", "flash"), wanted, strict=True):
            assert kernel_of(graph, optimize=optimize)[0] == names[index], (shape, optimize)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60))
def test_random(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width, channels = (int(size) for size in random.integers((1, 2, 1), (30, 30, 9)))
    graph = depthwise(
        (int(random.integers(1, 3)), height, width, channels),
        WHOLE,
        seed=seed,
        spread=float(random.uniform(0, 6)),
        zero_points=(int(random.integers(-128, 128)), int(random.integers(-128, 128))),
        activation=str(random.choice(["NONE", "RELU", "RELU6"])),
    )
    numerics = list(Numerics)[seed % 3]
    agree(graph, numerics=numerics, seed=seed, optimize=("speed", "balanced", "ram")[seed // 3 % 3])
