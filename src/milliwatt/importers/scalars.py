# SPDX-License-Identifier: Apache-2.0
"""Arithmetic with single numbers that importers append."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.importers.graph_builder import GraphBuilder

_CLAMPS = {
    (0.0, math.inf): "RELU",
    (0.0, 6.0): "RELU6",
    (-1.0, 1.0): "RELU_N1_TO_1",
    (0.0, 1.0): "RELU_0_TO_1",
}


def scalar(build: GraphBuilder, number: float) -> str:
    """A float32 constant without axes."""
    return build.constant(np.array(number, np.float32), stem="number")


def scalar_like(build: GraphBuilder, number: float, value: str) -> str:
    """A constant without axes of the value's element type."""
    return build.constant(np.array(number, build.type_of(value).dtype.numpy), stem="number")


def limited(build: GraphBuilder, value: str, low: float, high: float) -> str:
    """The value between two bounds, either of which may be infinite."""
    clamp = _CLAMPS.get((low, high))
    if clamp is not None and build.type_of(value).dtype.numpy.kind == "f":
        return build.node(clamp, [value])
    if low > -math.inf:
        value = build.node("MAXIMUM", [value, scalar_like(build, low, value)])
    if high < math.inf:
        value = build.node("MINIMUM", [value, scalar_like(build, high, value)])
    return value
