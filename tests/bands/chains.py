# SPDX-License-Identifier: Apache-2.0
"""Random networks of layers that work by rows, for the tests of bands."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.testing.builder import GraphBuilder

QUANT = Quant((0.0625,), (-4,))


def random_chain(seed: int, *, layers: int = 6) -> Graph:
    """A chain of convolutions, pools and residual sums over an image of odd or even height; one output or two."""
    build = GraphBuilder(np.random.default_rng(seed), max_elements=1 << 16)
    height, width = build.integer(9, 24), build.integer(3, 9)
    value = build.input(TensorType(DType.INT8, (1, height, width, 4), QUANT))
    sums: list[str] = [value]
    for _ in range(layers):
        value = build.choice([_convolution, _depthwise, _pool, _sum])(build, value, sums)
        sums.append(value)
    if build.random.random() < 0.3:
        _convolution(build, sums[len(sums) // 2], sums)
    return build.graph(f"chain_{seed}")


def _window(build: GraphBuilder, value: str) -> tuple[int, int, dict[str, int | str]]:
    """A window that the value has room for, and the attributes of its walk."""
    _, rows, columns, _ = build.type_of(value).shape
    height, width = (min(build.integer(1, 4), extent) for extent in (rows, columns))
    stride = build.choice([1, 1, 2]) if rows > 8 else 1
    padding = build.choice(["SAME", "SAME", "VALID"])
    return height, width, {"padding": padding, "stride_h": stride, "stride_w": build.choice([1, stride])}


def _weighted(build: GraphBuilder, op: str, value: str, shape: tuple[int, ...], **attrs: int | str) -> str:
    channels, axis = (shape[0], 0) if op == "CONV_2D" else (shape[3], 3)
    weights = build.weights(shape, DType.INT8, channels=channels, axis=axis)
    scales = build.type_of(weights).quant
    bias_scale = tuple(
        float(np.float32(0.0625) * np.float32(one)) for one in (scales.scale if scales else ())
    )
    numbers = build.random.integers(-500, 500, channels).astype(np.int32)
    bias = build.constant(numbers, Quant(bias_scale, (0,) * channels, 0))
    return build.node(op, [value, weights, bias], attrs=attrs, dtype=DType.INT8, quant=QUANT)[0]


def _convolution(build: GraphBuilder, value: str, _: list[str]) -> str:
    height, width, attrs = _window(build, value)
    channels = build.type_of(value).shape[3]
    shape = (build.choice([channels, channels, 5, 8]), height, width, channels)
    return _weighted(build, "CONV_2D", value, shape, **attrs)


def _depthwise(build: GraphBuilder, value: str, _: list[str]) -> str:
    height, width, attrs = _window(build, value)
    shape = (1, height, width, build.type_of(value).shape[3])
    attrs["stride_w"] = attrs["stride_h"]
    return _weighted(build, "DEPTHWISE_CONV_2D", value, shape, depth_multiplier=1, **attrs)


def _pool(build: GraphBuilder, value: str, _: list[str]) -> str:
    height, width, attrs = _window(build, value)
    op = build.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"])
    walk = {**attrs, "filter_height": height, "filter_width": width}
    return build.node(op, [value], attrs=walk, dtype=DType.INT8, quant=QUANT)[0]


def _sum(build: GraphBuilder, value: str, sums: list[str]) -> str:
    shape = build.type_of(value).shape
    other = build.choice([one for one in sums if build.type_of(one).shape == shape])
    return build.node("ADD", [value, other], dtype=DType.INT8, quant=QUANT)[0]
