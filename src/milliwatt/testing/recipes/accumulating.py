# SPDX-License-Identifier: Apache-2.0
"""CONV_2D and FULLY_CONNECTED."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Quant
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def bias_for(
    build: GraphBuilder,
    data: str,
    weights: str,
    channels: int,
    *,
    optional: bool = True,
    narrow: bool = False,
) -> str | None:
    """A bias that fits data and weights.

    Args:
        build, data, weights, channels: the graph, its values, and the bias's length.
        optional: leave it away in one case of five.
        narrow: for 16-bit data, an int32 instead of an int64 bias.
    """
    if optional and build.random.random() < 0.2:
        return None
    kind, weight_kind = build.type_of(data), build.type_of(weights)
    if kind.dtype is DType.FLOAT32:
        return build.constant(build.random.normal(0, 1, channels).astype(np.float32))
    if kind.quant is None or weight_kind.quant is None:
        raise ValueError("quantised data and weights expected")
    scales = tuple(float(np.float32(kind.quant.scale[0] * scale)) for scale in weight_kind.quant.scale)
    axis = 0 if len(scales) > 1 else None
    dtype = np.int64 if kind.dtype is DType.INT16 and not narrow else np.int32
    array = build.random.integers(-20000, 20000, channels).astype(dtype)
    return build.constant(array, Quant(scales, (0,) * len(scales), axis))


def bias_width(build: GraphBuilder, dtype: DType) -> tuple[bool, str]:
    """(narrow, quantized_bias_type): 16-bit data has an int32 bias in half of the cases."""
    narrow = dtype is DType.INT16 and build.random.random() < 0.5
    return narrow, "INT32" if narrow else "FLOAT32"


def weight_type(dtype: DType) -> DType:
    """The element type of a filter for that type of data."""
    return dtype if dtype in (DType.FLOAT32, DType.UINT8) else DType.INT8


def conv_2d(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any geometry that leaves at least one output pixel."""
    data = build.value(dtype, rank=4)
    _, height, width, channels = build.type_of(data).shape
    groups = build.choice([1, 1, 1, channels])
    out_channels = groups * build.integer(1, 6)
    padding = build.choice(["SAME", "VALID"])
    window_h, window_w = build.integer(1, min(5, height)), build.integer(1, min(5, width))
    dilation_h = build.integer(1, 3) if (window_h - 1) * 3 < height else 1
    dilation_w = build.integer(1, 3) if (window_w - 1) * 3 < width else 1
    per_channel = out_channels if build.random.random() < 0.8 else None
    kind = weight_type(dtype)
    shape = (out_channels, window_h, window_w, channels // groups)
    weights = build.weights(shape, kind, channels=per_channel)
    narrow, bias_type = bias_width(build, dtype)
    # LiteRT's reference kernel refuses a convolution without a bias.
    bias = bias_for(build, data, weights, out_channels, optional=False, narrow=narrow)
    return build.node(
        "CONV_2D",
        (data, weights, bias),
        attrs={
            "padding": padding,
            "stride_h": build.integer(1, 3),
            "stride_w": build.integer(1, 3),
            "dilation_h_factor": dilation_h,
            "dilation_w_factor": dilation_w,
            "fused_activation_function": build.choice(ACTIVATIONS),
            "quantized_bias_type": bias_type,
        },
        dtype=dtype,
        quant=build.quant(dtype),
    )


def fully_connected(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Data of rank 2 to 4, with and without keep_num_dims."""
    data = build.value(dtype, rank=build.integer(2, 4))
    depth, units = build.type_of(data).shape[-1], build.integer(1, 12)
    kind = weight_type(dtype)
    per_unit = units if kind is DType.INT8 and build.random.random() < 0.4 else None
    weights = build.weights((units, depth), kind, channels=per_unit)
    narrow, bias_type = bias_width(build, dtype)
    return build.node(
        "FULLY_CONNECTED",
        (data, weights, bias_for(build, data, weights, units, narrow=narrow)),
        attrs={
            "keep_num_dims": bool(build.integer(0, 1)),
            "fused_activation_function": build.choice(ACTIVATIONS),
            "quantized_bias_type": bias_type,
        },
        dtype=dtype,
        quant=build.quant(dtype),
    )


RECIPES = (
    Recipe("CONV_2D", conv_2d, (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)),
    Recipe("FULLY_CONNECTED", fully_connected, (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)),
)
