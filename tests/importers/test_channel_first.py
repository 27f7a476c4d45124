# SPDX-License-Identifier: Apache-2.0
"""Channel-first operators built from channel-last ones give what PyTorch's functions give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.channel_first import (
    Pooling,
    average_pool,
    average_pool_with_zeros,
    convolution,
    max_pool,
    scale_and_offset,
)
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.moving import reshape, transpose
from milliwatt.importers.transposed_convolution import transposed_convolution
from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise

torch = pytest.importorskip("torch")
functional = torch.nn.functional

Array = npt.NDArray[Any]


def floats(*shape: int, seed: int = 0) -> Array:
    """Normal floats."""
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def built(data: Array, make: Callable[[GraphBuilder, str], str]) -> Graph:
    """The graph of one operator on one input."""
    build = GraphBuilder()
    value = build.input("x", TensorType(DType(data.dtype.name), data.shape))
    return build.graph("model", [make(build, value)])


def close(graph: Graph, data: Array, expected: Any) -> None:
    """The graph and what the passes make of it give the expected floats."""
    for variant in (graph, optimise(graph, Numerics.FAST)):
        (result,) = Interpreter(variant).run([data])
        np.testing.assert_allclose(result, expected.numpy(), rtol=1e-4, atol=1e-5)


CONVOLUTIONS = {
    "2d": {
        "shape": (1, 3, 9, 8),
        "filters": (4, 3, 3, 2),
        "stride": (2, 1),
        "padding": (1, 0),
        "dilation": (1, 1),
        "groups": 1,
    },
    "2d dilated": {
        "shape": (2, 3, 9, 8),
        "filters": (4, 3, 3, 3),
        "stride": (1, 1),
        "padding": (2, 2),
        "dilation": (2, 3),
        "groups": 1,
    },
    "depthwise": {
        "shape": (1, 4, 7, 7),
        "filters": (4, 1, 3, 3),
        "stride": (1, 2),
        "padding": (1, 1),
        "dilation": (1, 1),
        "groups": 4,
    },
    "depthwise multiplier": {
        "shape": (1, 3, 7, 7),
        "filters": (6, 1, 3, 3),
        "stride": (1, 1),
        "padding": (1, 1),
        "dilation": (1, 1),
        "groups": 3,
    },
    "grouped": {
        "shape": (1, 6, 7, 7),
        "filters": (4, 3, 3, 3),
        "stride": (1, 1),
        "padding": (1, 1),
        "dilation": (1, 1),
        "groups": 2,
    },
    "1d": {
        "shape": (1, 3, 12),
        "filters": (5, 3, 4),
        "stride": (2,),
        "padding": (3,),
        "dilation": (1,),
        "groups": 1,
    },
    "1d depthwise": {
        "shape": (1, 4, 12),
        "filters": (4, 1, 5),
        "stride": (1,),
        "padding": (4,),
        "dilation": (2,),
        "groups": 4,
    },
}


@pytest.mark.parametrize("case", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_convolution(case: dict[str, Any]) -> None:
    data, weights = floats(*case["shape"]), floats(*case["filters"], seed=1)
    bias = floats(case["filters"][0], seed=2)

    def make(build: GraphBuilder, value: str) -> str:
        constants = [build.constant(array) for array in (weights, bias)]
        both = [(amount, amount) for amount in case["padding"]]
        return convolution(
            build,
            value,
            *constants,
            strides=case["stride"],
            padding=both,
            dilations=case["dilation"],
            groups=case["groups"],
        )

    apply = functional.conv1d if data.ndim == 3 else functional.conv2d
    names = ("stride", "padding", "dilation", "groups")
    tensors = [torch.from_numpy(array) for array in (data, weights, bias)]
    close(built(data, make), data, apply(*tensors, **{name: case[name] for name in names}))


TRANSPOSED = {
    "plain": {
        "shape": (1, 3, 5, 4),
        "filters": (3, 2, 3, 3),
        "stride": (2, 2),
        "padding": (0, 0),
        "output_padding": (0, 0),
    },
    "cropped": {
        "shape": (1, 3, 5, 4),
        "filters": (3, 2, 4, 4),
        "stride": (2, 2),
        "padding": (1, 1),
        "output_padding": (0, 0),
    },
    "output padding": {
        "shape": (1, 3, 5, 4),
        "filters": (3, 2, 3, 3),
        "stride": (2, 3),
        "padding": (1, 0),
        "output_padding": (1, 2),
    },
    "groups": {
        "shape": (1, 4, 5, 4),
        "filters": (4, 3, 2, 2),
        "stride": (2, 2),
        "padding": (0, 0),
        "output_padding": (0, 0),
        "groups": 2,
    },
    "1d": {"shape": (1, 3, 5), "filters": (3, 2, 4), "stride": (2,), "padding": (1,), "output_padding": (1,)},
    "dilated": {
        "shape": (1, 3, 5, 4),
        "filters": (3, 2, 3, 3),
        "stride": (1, 2),
        "padding": (1, 2),
        "output_padding": (0, 0),
        "dilation": (2, 1),
    },
}


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_convolution(case: dict[str, Any]) -> None:
    data, weights = floats(*case["shape"]), floats(*case["filters"], seed=1)
    groups, dilation = case.get("groups", 1), case.get("dilation", (1,) * (data.ndim - 2))
    bias = floats(case["filters"][1] * groups, seed=2)

    def make(build: GraphBuilder, value: str) -> str:
        return transposed_convolution(
            build,
            value,
            build.constant(weights),
            build.constant(bias),
            strides=case["stride"],
            padding=[(amount, amount) for amount in case["padding"]],
            dilations=dilation,
            output_padding=case["output_padding"],
            groups=groups,
        )

    apply = functional.conv_transpose1d if data.ndim == 3 else functional.conv_transpose2d
    names = ("stride", "padding", "output_padding")
    tensors = [torch.from_numpy(array) for array in (data, weights, bias)]
    expected = apply(*tensors, groups=groups, dilation=dilation, **{name: case[name] for name in names})
    close(built(data, make), data, expected)


POOLS = {
    "plain": ((1, 3, 8, 8), (2, 2), (2, 2), (0, 0), False),
    "padded": ((1, 3, 8, 8), (3, 3), (2, 2), (1, 1), False),
    "ceil": ((1, 3, 8, 7), (3, 2), (2, 2), (0, 0), True),
    "ceil padded": ((1, 3, 7, 8), (3, 3), (2, 2), (1, 1), True),
    "1d": ((1, 3, 9), (3,), (2,), (1,), True),
    "last window on padding": ((1, 3, 4, 4), (3, 3), (3, 3), (1, 1), True),
}


@pytest.mark.parametrize("case", POOLS.values(), ids=POOLS)
@pytest.mark.parametrize("kind", ["max", "average", "average with padding"])
def test_pools(case: tuple[Any, ...], kind: str) -> None:
    shape, sizes, strides, amounts, ceil_mode = case
    data = floats(*shape) - 3
    both = tuple((amount, amount) for amount in amounts)

    def make(build: GraphBuilder, value: str) -> str:
        windows = Pooling(sizes, strides, both, ceil_mode)
        if kind == "max":
            return max_pool(build, value, windows)
        if kind == "average":
            return average_pool(build, value, windows)
        return average_pool_with_zeros(build, value, windows)

    dimensions = len(sizes)
    options = {"kernel_size": sizes, "stride": strides, "padding": amounts, "ceil_mode": ceil_mode}
    if kind == "max":
        expected = getattr(functional, f"max_pool{dimensions}d")(torch.from_numpy(data), **options)
    else:
        expected = getattr(functional, f"avg_pool{dimensions}d")(
            torch.from_numpy(data), count_include_pad=kind == "average with padding", **options
        )
    close(built(data, make), data, expected)


def test_batch_normalisation() -> None:
    data, scale, offset = floats(2, 3, 4, 5), floats(3, seed=1), floats(3, seed=2)
    graph = built(data, lambda build, value: scale_and_offset(build, value, scale, offset))
    close(graph, data, torch.from_numpy(data * scale[:, None, None] + offset[:, None, None]))


def test_passes_cancel_transposes_between_convolutions() -> None:
    data, weights = floats(1, 3, 6, 6), floats(3, 3, 3, 3, seed=1)

    def make(build: GraphBuilder, value: str) -> str:
        for _ in range(2):
            value = convolution(
                build,
                value,
                build.constant(weights),
                None,
                strides=(1, 1),
                padding=((1, 1), (1, 1)),
                dilations=(1, 1),
                groups=1,
            )
        return value

    graph = optimise(built(data, make), Numerics.FAST)
    assert [node.op for node in graph.nodes] == ["TRANSPOSE", "CONV_2D", "CONV_2D", "TRANSPOSE"]


def test_quantised_constants_move_with_the_axis_of_their_scales() -> None:
    build = GraphBuilder()
    array = np.arange(12, dtype=np.int8).reshape(3, 2, 2)
    integers = build.constant(array, quant=Quant((0.5, 0.25, 0.125), (0, 0, 0), 0))
    real = build.node("DEQUANTIZE", [integers], dtype=DType.FLOAT32)
    moved = reshape(build, transpose(build, real, (2, 1, 0)), (2, 1, 2, 3))
    maker = build.producer(moved)
    assert maker is not None
    assert maker.op == "DEQUANTIZE"
    kind = build.type_of(str(maker.inputs[0]))
    assert kind.shape == (2, 1, 2, 3)
    assert kind.quant is not None
    assert kind.quant.axis == 3


def test_negative_padding_is_refused() -> None:
    data = floats(1, 3, 6, 6)
    with pytest.raises(UnsupportedError, match="negative"):
        built(data, lambda build, value: max_pool(build, value, Pooling((2, 2), (1, 1), ((-1, 0), (0, 0)))))


def test_what_does_not_fit_is_refused() -> None:
    data = floats(1, 3, 6, 6)
    with pytest.raises(ModelError):
        built(data, lambda build, value: reshape(build, value, (5, 5)))
