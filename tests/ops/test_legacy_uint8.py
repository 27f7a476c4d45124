# SPDX-License-Identifier: Apache-2.0
"""Models of the first TFLite quantisation: uint8 data and uint8 filters with zero points, one scale each."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.errors import InternalError
from milliwatt.importers.request import Request
from milliwatt.importers.tflite import load
from milliwatt.ir import AttrValue, DType, Graph, Quant, TensorType
from milliwatt.ops import Numerics, find, signature
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare
from milliwatt.testing.recipe import recipes
from milliwatt.testing.tflite_writer import write

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
OPS = (*CONVOLUTIONS, "FULLY_CONNECTED", "ADD", "SUB", "MUL", "MEAN", "RESIZE_BILINEAR", "CONCATENATION")


def scale(value: float) -> float:
    return float(np.float32(value))


def constant(build: GraphBuilder, *shape: int) -> str:
    """A uint8 filter whose zero point is far from 128."""
    return build.constant(
        build.random.integers(0, 256, shape).astype(np.uint8), Quant((scale(0.004),), (151,))
    )


def bias(build: GraphBuilder, count: int) -> str:
    return build.constant(build.random.integers(-3000, 3000, count).astype(np.int32))


def small_mobilenet() -> Graph:
    """The layers of a MobileNet with one residual block, all uint8."""
    build = GraphBuilder(np.random.default_rng(7))
    image = build.input(TensorType(DType.UINT8, (1, 12, 12, 3), Quant((scale(1 / 128),), (128,))))
    relu6: dict[str, AttrValue] = {"fused_activation_function": "RELU6", "padding": "SAME"}
    six, linear = Quant((scale(6 / 255),), (0,)), Quant((scale(0.05),), (131,))
    (stem,) = build.node(
        "CONV_2D",
        (image, constant(build, 8, 3, 3, 3), bias(build, 8)),
        attrs={**relu6, "stride_h": 2, "stride_w": 2},
        quant=six,
        dtype=DType.UINT8,
    )
    (deep,) = build.node(
        "DEPTHWISE_CONV_2D",
        (stem, constant(build, 1, 3, 3, 8), bias(build, 8)),
        attrs={**relu6, "depth_multiplier": 1},
        quant=six,
        dtype=DType.UINT8,
    )
    (point,) = build.node(
        "CONV_2D",
        (deep, constant(build, 8, 1, 1, 8), bias(build, 8)),
        attrs={"padding": "VALID"},
        quant=linear,
        dtype=DType.UINT8,
    )
    (joined,) = build.node("ADD", (stem, point), quant=linear, dtype=DType.UINT8)
    axes = build.constant(np.array([1, 2], np.int32))
    (pooled,) = build.node("MEAN", (joined, axes), quant=linear, dtype=DType.UINT8)
    logits = Quant((scale(0.1),), (90,))
    (dense,) = build.node(
        "FULLY_CONNECTED", (pooled, constant(build, 5, 8), bias(build, 5)), quant=logits, dtype=DType.UINT8
    )
    build.node("SOFTMAX", (dense,), attrs={"beta": 1.0}, quant=Quant((1 / 256,), (0,)), dtype=DType.UINT8)
    return build.graph()


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
def test_a_small_mobilenet_agrees(numerics: Numerics) -> None:
    compare(small_mobilenet(), numerics=numerics)


def test_a_small_mobilenet_agrees_on_the_emulated_core() -> None:
    compare(small_mobilenet(), boards=("nucleo-l4r5zi",), implementations=("emulator",), samples=2)


def test_a_small_mobilenet_is_imported_from_its_file() -> None:
    imported = load(write(small_mobilenet()), "legacy", Request())
    assert [imported.values[name].dtype for name in imported.inputs] == [DType.UINT8]
    compare(imported, boards=("host",), samples=2)


def thresholds(op: str, seed: int) -> Graph:
    """Channels whose biases lie where an output steps, so that the last bit of the multiplier decides."""
    build = GraphBuilder(np.random.default_rng(seed))
    data_scale, filter_scale = (scale(2.0 ** build.random.uniform(-8, -4)) for _ in range(2))
    product = data_scale * filter_scale
    output_scale = scale(product * 2.0 ** build.random.uniform(20, 23))
    steps = build.random.integers(-120, 120, 256) + 0.5
    single = float(np.float32(data_scale) * np.float32(filter_scale))
    between = steps * output_scale * (1 / single + 1 / product) / 2
    biases = np.clip(np.rint(between), -(2.0**31) + 1, 2.0**31 - 1).astype(np.int32)
    data = build.input(TensorType(DType.UINT8, (1, 1, 1, 4), Quant((data_scale,), (77,))))
    shape = (256, 1, 1, 4) if op == "CONV_2D" else (1, 1, 1, 256)
    weights = build.constant(np.full(shape, 77, np.uint8), Quant((filter_scale,), (77,)))
    attrs: dict[str, AttrValue] = {
        "padding": "VALID",
        **({} if op == "CONV_2D" else {"depth_multiplier": 64}),
    }
    build.node(
        op,
        (data, weights, build.constant(biases)),
        attrs=attrs,
        dtype=DType.UINT8,
        quant=Quant((output_scale,), (128,)),
    )
    return build.graph()


@pytest.mark.parametrize("op", CONVOLUTIONS)
def test_scales_are_multiplied_in_single_precision(op: str) -> None:
    for seed in range(4):
        compare(thresholds(op, seed), boards=("host",), samples=1)


def parts_of_several_scales() -> Graph:
    """A CONCATENATION of all 256 values on scales coarser, equal and finer than the output's, and a constant."""
    quants = [
        Quant((scale(step),), (zero,)) for step, zero in ((0.75, 3), (0.1, 200), (0.1, 90), (0.013, 17))
    ]
    build = GraphBuilder(np.random.default_rng(3))
    names = [build.input(TensorType(DType.UINT8, (2, 256), quant)) for quant in quants]
    names.append(build.constant(build.random.integers(0, 256, (2, 5)).astype(np.uint8), quants[0]))
    build.node("CONCATENATION", names, attrs={"axis": 1}, dtype=DType.UINT8, quant=quants[2])
    return build.graph()


@pytest.mark.parametrize("optimize", ["speed", "flash"])
def test_parts_of_several_scales_are_joined(optimize: str) -> None:
    compare(parts_of_several_scales(), samples=8, optimize=optimize)


def test_parts_of_several_scales_are_not_moved_as_they_are() -> None:
    graph = parts_of_several_scales()
    with pytest.raises(InternalError, match="before they have one scale"):
        find("CONCATENATION").moves(signature(graph, graph.nodes[0]))  # type: ignore[misc]


@pytest.mark.long
@pytest.mark.parametrize("op", OPS)
def test_uint8_agrees_on_many(op: str) -> None:
    for seed in range(30):
        build = GraphBuilder(np.random.default_rng(seed), max_elements=512)
        for _ in range(3):
            recipes()[op].make(build, DType.UINT8)
        compare(build.graph(), samples=3, seed=seed)
