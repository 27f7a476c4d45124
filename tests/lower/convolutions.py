# SPDX-License-Identifier: Apache-2.0
"""Graphs of random int8 convolutions, for tests of their kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.testing.builder import GraphBuilder


@dataclass(frozen=True)
class Convolution:
    """One CONV_2D.

    Attributes:
        size: height, width and channels of the input.
        filters: number of filters.
        window, stride: (vertical, horizontal).
        padding: SAME or VALID.
        zero: zero points of input and output.
        activation: fused.
        spread: how many powers of two lie between the filters' largest and smallest scale.
        deviation: standard deviation of the weights.
    """

    size: tuple[int, int, int]
    filters: int
    window: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: str = "SAME"
    zero: tuple[int, int] = (-128, -128)
    activation: str = "RELU"
    spread: float = 2.0
    deviation: float = 30.0


def convolutions(cases: Mapping[str, Convolution], *, seed: int = 0) -> Graph:
    """A graph of these convolutions side by side, each with an input and an output of its own."""
    build = GraphBuilder(np.random.default_rng(seed), max_elements=1 << 20)
    for case in cases.values():
        _append(build, case)
    return build.graph()


def _append(build: GraphBuilder, case: Convolution) -> None:
    random = build.random
    channels, count = case.size[2], case.filters
    data_scale = 0.05
    data = build.input(TensorType(DType.INT8, (1, *case.size), Quant((data_scale,), (case.zero[0],))))
    shape = (count, *case.window, channels)
    weights = np.clip(np.rint(random.normal(0, case.deviation, shape)), -127, 127).astype(np.int8)
    scales = tuple(float(np.float32(0.01 * 2.0**-power)) for power in random.uniform(0, case.spread, count))
    bias_scales = tuple(float(np.float32(data_scale * scale)) for scale in scales)
    # The outputs of random inputs spread over the whole range, some beyond it.
    typical = case.deviation * 80 * float(np.sqrt(np.prod(shape[1:]))) * data_scale * 0.005
    build.node(
        "CONV_2D",
        (
            data,
            build.constant(weights, Quant(scales, (0,) * count, 0)),
            build.constant(
                random.integers(-3000, 3000, count).astype(np.int32), Quant(bias_scales, (0,) * count, 0)
            ),
        ),
        attrs={
            "padding": case.padding,
            "stride_h": case.stride[0],
            "stride_w": case.stride[1],
            "fused_activation_function": case.activation,
        },
        dtype=DType.INT8,
        quant=Quant((float(np.float32(typical / 40)),), (case.zero[1],)),
    )
