# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D, TRANSPOSE_CONV, pools and BATCH_MATMUL."""

from __future__ import annotations

import functools

import numpy as np

from milliwatt.ir import DType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.accumulating import ACTIVATIONS, bias_for, weight_type

_TYPES = (DType.INT8, DType.INT16, DType.FLOAT32)


def _window(build: GraphBuilder, size: int, padding: str) -> tuple[int, int]:
    """(window, dilation) that leave at least one output; with SAME they may reach beyond the data."""
    if padding == "SAME":
        return build.integer(1, 5), build.integer(1, 3)
    window = build.integer(1, min(5, size))
    dilation = build.integer(1, max(1, (size - 1) // (window - 1))) if window > 1 else 1
    return window, dilation


def _steps(build: GraphBuilder) -> dict[str, int]:
    return {"stride_h": build.integer(1, 3), "stride_w": build.integer(1, 3)}


def given(inputs: list[str | None]) -> tuple[str | None, ...]:
    """The inputs without an absent last one: these kernels of LiteRT count their inputs to know of a bias."""
    return tuple(inputs[:-1] if inputs[-1] is None else inputs)


def depthwise_conv_2d(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any geometry, depth multipliers up to 3, one scale or one per channel."""
    data = build.value(dtype, rank=4)
    _, height, width, channels = build.type_of(data).shape
    padding = build.choice(["SAME", "VALID"])
    window_h, dilation_h = _window(build, height, padding)
    window_w, dilation_w = _window(build, width, padding)
    multiplier = build.choice([1, 1, 2, 3])
    out_channels = channels * multiplier
    per_channel = out_channels if build.random.random() < 0.8 else None
    weights = build.weights(
        (1, window_h, window_w, out_channels), weight_type(dtype), channels=per_channel, axis=3
    )
    attrs = {
        "padding": padding,
        "depth_multiplier": multiplier,
        "dilation_h_factor": dilation_h,
        "dilation_w_factor": dilation_w,
        **_steps(build),
        "fused_activation_function": build.choice(ACTIVATIONS),
    }
    inputs = [data, weights, bias_for(build, data, weights, out_channels)]
    return build.node("DEPTHWISE_CONV_2D", given(inputs), attrs=attrs, dtype=dtype, quant=build.quant(dtype))


def transpose_conv(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Output shapes that fit the data, with a random remainder where the stride leaves one."""
    data = build.value(dtype, rank=4)
    batch, height, width, channels = build.type_of(data).shape
    padding = build.choice(["SAME", "VALID"])
    window_h, window_w, out_channels = build.integer(1, 4), build.integer(1, 4), build.integer(1, 5)
    steps = _steps(build)
    sizes = []
    for size, window, stride in ((height, window_h, steps["stride_h"]), (width, window_w, steps["stride_w"])):
        remainder = build.integer(0, stride - 1)
        reach = size * stride if padding == "SAME" else (size - 1) * stride + window
        sizes.append(max(1, reach - remainder) if padding == "SAME" else reach + remainder)
    shape = build.constant(np.array([batch, *sizes, out_channels], np.int32))
    per_channel = out_channels if build.random.random() < 0.8 else None
    weights = build.weights(
        (out_channels, window_h, window_w, channels), weight_type(dtype), channels=per_channel
    )
    inputs = [shape, weights, data, bias_for(build, data, weights, out_channels)]
    attrs = {"padding": padding, **steps, "fused_activation_function": build.choice(ACTIVATIONS)}
    return build.node("TRANSPOSE_CONV", given(inputs), attrs=attrs, dtype=dtype, quant=build.quant(dtype))


def pool(op: str, build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Windows up to 5, or the whole plane; the output keeps the data's quantisation."""
    data = build.value(dtype, rank=4)
    kind = build.type_of(data)
    _, height, width, _ = kind.shape
    padding = build.choice(["SAME", "VALID"])
    whole = build.random.random() < 0.2
    attrs = {
        "padding": padding,
        "filter_height": height if whole else build.integer(1, min(5, height)),
        "filter_width": width if whole else build.integer(1, min(5, width)),
        **_steps(build),
        "fused_activation_function": build.choice(ACTIVATIONS),
    }
    return build.node(op, (data,), attrs=attrs, dtype=dtype, quant=kind.quant)


def batch_matmul(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Ranks 2 to 4, transposed or not, broadcast or not, the right side constant or computed."""
    left = build.value(dtype, rank=build.integer(2, 4))
    kind = build.type_of(left)
    adj_x, adj_y = bool(build.integer(0, 1)), bool(build.integer(0, 1))
    depth, columns = kind.shape[-2 if adj_x else -1], build.integer(1, 7)
    leading = tuple(extent if build.random.random() < 0.7 else 1 for extent in kind.shape[:-2])
    if leading and build.random.random() < 0.3:
        leading = leading[build.integer(0, len(leading)) :]
    shape = (*leading, columns, depth) if adj_y else (*leading, depth, columns)
    if build.random.random() < 0.5:
        right = build.value(dtype, shape=shape)
    elif dtype is DType.FLOAT32:
        right = build.constant(build.random.normal(0, 1, shape).astype(np.float32))
    else:
        low, high = dtype.limits
        elements = build.random.integers(low, high + 1, shape).astype(dtype.numpy)
        right = build.constant(elements, build.quant(dtype))
    attrs = {"adj_x": adj_x, "adj_y": adj_y}
    return build.node("BATCH_MATMUL", (left, right), attrs=attrs, dtype=dtype, quant=build.quant(dtype))


RECIPES = (
    Recipe("DEPTHWISE_CONV_2D", depthwise_conv_2d, (*_TYPES, DType.UINT8)),
    Recipe("TRANSPOSE_CONV", transpose_conv, _TYPES),
    Recipe("AVERAGE_POOL_2D", functools.partial(pool, "AVERAGE_POOL_2D"), (*_TYPES, DType.UINT8)),
    Recipe("MAX_POOL_2D", functools.partial(pool, "MAX_POOL_2D"), (*_TYPES, DType.UINT8)),
    Recipe("BATCH_MATMUL", batch_matmul, _TYPES),
)
