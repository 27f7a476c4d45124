# SPDX-License-Identifier: Apache-2.0
"""CONV_2D: two-dimensional convolution, NHWC data, OHWI filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.accumulate import finish
from milliwatt.ops.activation_range import FUSABLE
from milliwatt.ops.operator import ACTIVATION, PADDING, Attribute, Call, Operator, Signature, TypeRow
from milliwatt.ops.window import Axis, axis, patches

Array = npt.NDArray[Any]


def ranks(signature: Signature) -> bool:
    """Data and filter have four dimensions: [batch, height, width, channels] and [out, height, width, in]."""
    return len(signature.input(0).shape) == 4 and len(signature.input(1).shape) == 4


def channel_groups(signature: Signature) -> bool:
    """The filter's input channels divide the data's, and the groups divide the output channels."""
    channels, (outputs, _, _, per_group) = signature.input(0).shape[3], signature.input(1).shape
    return per_group > 0 and channels % per_group == 0 and outputs % (channels // per_group) == 0


def steps(signature: Signature) -> bool:
    """Strides and dilations are at least 1."""
    names = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    return all(signature.attrs[name] >= 1 for name in names)


def activation(signature: Signature) -> bool:
    """The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6."""
    return signature.attrs["fused_activation_function"] in FUSABLE


def bias_length(signature: Signature) -> bool:
    """The bias has one element per output channel."""
    return not signature.has_input(2) or signature.input(2).size == signature.input(1).shape[0]


def quantised(signature: Signature) -> bool:
    """Quantised data and output have one scale; the filter has zero points 0 and one scale, or one per output channel."""
    data, weights, output = signature.input(0), signature.input(1), signature.outputs[0]
    if data.dtype is DType.FLOAT32:
        return True
    if data.quant is None or weights.quant is None or output.quant is None:
        return False
    counts = len(weights.quant.scale) in (1, weights.shape[0]) and weights.quant.axis in (None, 0)
    one = not data.quant.per_channel and not output.quant.per_channel
    return one and counts and not any(weights.quant.zero_point)


def axes(signature: Signature) -> tuple[Axis, Axis]:
    """The vertical and the horizontal sliding window."""
    _, height, width, _ = signature.input(0).shape
    _, window_h, window_w, _ = signature.input(1).shape
    attrs = signature.attrs
    return (
        axis(height, window_h, stride=attrs["stride_h"], dilation=attrs["dilation_h_factor"], padding=attrs["padding"]),
        axis(width, window_w, stride=attrs["stride_w"], dilation=attrs["dilation_w_factor"], padding=attrs["padding"]),
    )


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, out_h, out_w, out_channels]."""
    rows, columns = axes(signature)
    return ((signature.input(0).shape[0], rows.output, columns.output, signature.input(1).shape[0]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Correlate the filter with every window; integers exactly, floats in float32."""
    data, weights = call.input(0), call.input(1)
    rows, columns = axes(call.signature)
    out_channels, window_h, window_w, per_group = weights.shape
    exact = np.float64 if data.dtype != np.float32 else np.float32
    if data.dtype == np.float32:
        centred = data
    else:
        centred = (data.astype(np.int32) - call.signature.quant(0)[1]).astype(exact)
    windows = patches(centred, rows, columns, border=0)
    batch = data.shape[0]
    groups = data.shape[3] // per_group
    each = out_channels // groups
    flat = np.empty((batch, rows.output, columns.output, out_channels), exact)
    for group in range(groups):
        part = windows[..., group * per_group : (group + 1) * per_group].reshape(-1, window_h * window_w * per_group)
        kernel = weights[group * each : (group + 1) * each].reshape(each, -1).astype(exact)
        # Products of 16-bit and 8-bit integers summed in float64 stay below 2**53: exact.
        flat[..., group * each : (group + 1) * each] = (part @ kernel.T).reshape(*flat.shape[:3], each)
    return (finish(call, flat),)


def macs(signature: Signature) -> int:
    """Output elements times window size times channels per group."""
    _, window_h, window_w, per_group = signature.input(1).shape
    return signature.outputs[0].size * window_h * window_w * per_group


OPERATOR = Operator(
    name="CONV_2D",
    summary="Two-dimensional convolution of NHWC data with an OHWI filter, grouped where the channels say so.",
    attributes={
        "padding": PADDING,
        "stride_h": Attribute("int", 1),
        "stride_w": Attribute("int", 1),
        "dilation_h_factor": Attribute("int", 1),
        "dilation_w_factor": Attribute("int", 1),
        "fused_activation_function": ACTIVATION,
    },
    types=(
        TypeRow((DType.INT8, DType.INT8, (DType.INT32, None)), (DType.INT8,)),
        TypeRow((DType.INT16, DType.INT8, (DType.INT32, DType.INT64, None)), (DType.INT16,)),
        TypeRow((DType.FLOAT32, DType.FLOAT32, (DType.FLOAT32, None)), (DType.FLOAT32,)),
    ),
    constraints=(ranks, channel_groups, steps, activation, bias_length, quantised),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    hint="convert with full-integer quantisation so that data and filter have the same kind of type",
)
