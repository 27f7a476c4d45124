# SPDX-License-Identifier: Apache-2.0
"""CONV_2D: two-dimensional convolution, NHWC data, OHWI filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.accumulate import centred, centred_filter, finish, fits_type, symmetric, wide_scale
from milliwatt.ops.activation_range import FUSABLE
from milliwatt.ops.operator import (
    ACTIVATION,
    EXPLICIT_PADDING,
    PADDING,
    Attribute,
    Call,
    Operator,
    Signature,
    TypeRow,
)
from milliwatt.ops.taps import span
from milliwatt.ops.window import Axis, axis

Array = npt.NDArray[Any]


def ranks(signature: Signature) -> bool:
    """Data and filter have four dimensions: [batch, height, width, channels] and [out, height, width, in]."""
    return len(signature.input(0).shape) == 4 and len(signature.input(1).shape) == 4


def channel_groups(signature: Signature) -> bool:
    """The filter's input channels divide the data's, and the groups divide the output channels."""
    channels, (outputs, _, _, per_group) = signature.input(0).shape[3], signature.input(1).shape
    return per_group > 0 and channels % per_group == 0 and outputs % (channels // per_group) == 0


def steps(signature: Signature) -> bool:
    """Strides and dilations are at least 1, and the dilated filter spans less than 2**24 elements each way."""
    attrs, (_, height, width, _) = signature.attrs, signature.input(1).shape
    names = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    spans = ((height - 1) * attrs["dilation_h_factor"], (width - 1) * attrs["dilation_w_factor"])
    return all(attrs[name] >= 1 for name in names) and max(spans) < 1 << 24


def activation(signature: Signature) -> bool:
    """The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6."""
    return signature.attrs["fused_activation_function"] in FUSABLE


def bias_length(signature: Signature) -> bool:
    """The bias has one element per output channel."""
    return not signature.has_input(2) or signature.input(2).size == signature.input(1).shape[0]


def quantised(signature: Signature) -> bool:
    """Quantised data and output have one scale; an int8 filter has zero points 0 and one scale, or one per
    output channel; a uint8 filter has one scale.
    """
    data, weights, output = signature.input(0), signature.input(1), signature.outputs[0]
    if data.dtype is DType.FLOAT32:
        return True
    if data.quant is None or weights.quant is None or output.quant is None:
        return False
    counts = len(weights.quant.scale) in (1, weights.shape[0]) and weights.quant.axis in (None, 0)
    one = not data.quant.per_channel and not output.quant.per_channel
    return one and counts and fits_type(weights)


def axes(signature: Signature) -> tuple[Axis, Axis]:
    """The vertical and the horizontal sliding window."""
    _, window_h, window_w, _ = signature.input(1).shape
    return sliding_axes(signature, height=window_h, width=window_w)


def sliding_axes(signature: Signature, *, height: int, width: int) -> tuple[Axis, Axis]:
    """The two axes of input 0 under a window of this size, with the attributes' steps."""
    attrs, shape = signature.attrs, signature.input(0).shape
    down, across = attrs["dilation_h_factor"], attrs["dilation_w_factor"]
    padding, explicit = attrs["padding"], attrs.get("explicit_padding", ())
    rows, columns = (explicit[:2], explicit[2:]) if explicit else (None, None)
    return (
        axis(shape[1], height, stride=attrs["stride_h"], dilation=down, padding=padding, explicit=rows),
        axis(shape[2], width, stride=attrs["stride_w"], dilation=across, padding=padding, explicit=columns),
    )


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, out_h, out_w, out_channels]."""
    rows, columns = axes(signature)
    return ((signature.input(0).shape[0], rows.output, columns.output, signature.input(1).shape[0]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Correlate the filter with every window. Integers are exact in float64, floats are float32."""
    data, weights = centred(call, 0), centred_filter(call)
    rows, columns = axes(call.signature)
    out_channels, _, _, per_group = weights.shape
    each = out_channels // (data.shape[3] // per_group)
    total = np.zeros((data.shape[0], rows.output, columns.output, out_channels), data.dtype)
    for i in range(rows.window):
        to_rows, from_rows = span(rows, i)
        for j in range(columns.window):
            to_columns, from_columns = span(columns, j)
            seen = data[:, from_rows, from_columns]
            for first in range(0, out_channels, each):
                start = first // each * per_group
                tap = weights[first : first + each, i, j]
                part = total[:, to_rows, to_columns, first : first + each]
                part += seen[..., start : start + per_group] @ tap.T
    return (finish(call, total),)


def macs(signature: Signature) -> int:
    """Output elements times window size times channels per group."""
    _, window_h, window_w, per_group = signature.input(1).shape
    return signature.outputs[0].size * window_h * window_w * per_group


OPERATOR = Operator(
    name="CONV_2D",
    summary="Two-dimensional convolution of NHWC data with an OHWI filter, grouped if the channels say so.",
    attributes={
        "padding": PADDING,
        "stride_h": Attribute("int", 1),
        "stride_w": Attribute("int", 1),
        "dilation_h_factor": Attribute("int", 1),
        "dilation_w_factor": Attribute("int", 1),
        "fused_activation_function": ACTIVATION,
        "explicit_padding": EXPLICIT_PADDING,
        # LiteRT takes the width of 16-bit data's accumulators from here, this package from the bias itself.
        "quantized_bias_type": Attribute("enum", "FLOAT32", enum="TensorType"),
    },
    types=(
        TypeRow((DType.INT8, DType.INT8, (DType.INT32, None)), (DType.INT8,)),
        TypeRow((DType.UINT8, DType.UINT8, (DType.INT32, None)), (DType.UINT8,)),
        TypeRow((DType.INT16, DType.INT8, (DType.INT32, DType.INT64, None)), (DType.INT16,)),
        TypeRow((DType.FLOAT32, DType.FLOAT32, (DType.FLOAT32, None)), (DType.FLOAT32,)),
    ),
    constraints=(ranks, channel_groups, steps, activation, bias_length, quantised, symmetric, wide_scale),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    hint="convert with full-integer quantisation so that data and filter have the same kind of type",
)
