# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D: every input channel is convolved with filters of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.accumulate import centred, centred_filter, finish, fits_type, symmetric, wide_scale
from milliwatt.ops.conv_2d import activation, sliding_axes, steps
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
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]


def ranks(signature: Signature) -> bool:
    """Data is [batch, height, width, channels] and the filter is [1, height, width, out_channels]."""
    weights = signature.input(1).shape
    return len(signature.input(0).shape) == 4 and len(weights) == 4 and weights[0] == 1


def multiplier(signature: Signature) -> bool:
    """The filter's channels are a multiple of the data's channels."""
    return signature.input(1).shape[3] % signature.input(0).shape[3] == 0


def bias_length(signature: Signature) -> bool:
    """The bias has one element per output channel."""
    return not signature.has_input(2) or signature.input(2).size == signature.input(1).shape[3]


def quantised(signature: Signature) -> bool:
    """Quantised data and output have one scale; an int8 filter has zero points 0 and one scale, or one per
    channel of axis 3; a uint8 filter has one scale.
    """
    data, weights, output = signature.input(0), signature.input(1), signature.outputs[0]
    if data.dtype is DType.FLOAT32:
        return True
    if data.quant is None or weights.quant is None or output.quant is None:
        return False
    counts = len(weights.quant.scale) in (1, weights.shape[3]) and weights.quant.axis in (None, 3)
    one = len(data.quant.scale) == 1 and len(output.quant.scale) == 1
    return one and counts and fits_type(weights)


def axes(signature: Signature) -> tuple[Axis, Axis]:
    """The vertical and the horizontal sliding window."""
    _, window_h, window_w, _ = signature.input(1).shape
    return sliding_axes(signature, height=window_h, width=window_w)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, out_h, out_w, out_channels]."""
    rows, columns = axes(signature)
    return ((signature.input(0).shape[0], rows.output, columns.output, signature.input(1).shape[3]),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Output channel c reads input channel c // multiplier. Integers are exact in float64, floats float32."""
    data, weights = centred(call, 0), centred_filter(call)
    rows, columns = axes(call.signature)
    repeated = np.repeat(data, weights.shape[3] // data.shape[3], axis=3)
    total = np.zeros((data.shape[0], rows.output, columns.output, weights.shape[3]), data.dtype)
    for i in range(rows.window):
        to_rows, from_rows = span(rows, i)
        for j in range(columns.window):
            to_columns, from_columns = span(columns, j)
            total[:, to_rows, to_columns] += repeated[:, from_rows, from_columns] * weights[0, i, j]
    return (finish(call, total),)


def macs(signature: Signature) -> int:
    """Output elements times window size."""
    _, window_h, window_w, _ = signature.input(1).shape
    return signature.outputs[0].size * window_h * window_w


OPERATOR = Operator(
    name="DEPTHWISE_CONV_2D",
    summary="Convolution of every input channel of NHWC data with depth-multiplier filters of its own.",
    attributes={
        "padding": PADDING,
        "stride_h": Attribute("int", 1),
        "stride_w": Attribute("int", 1),
        # Kept for other tools: like LiteRT, the meaning takes the multiplier from the shapes.
        "depth_multiplier": Attribute("int", 1),
        "dilation_h_factor": Attribute("int", 1),
        "dilation_w_factor": Attribute("int", 1),
        "fused_activation_function": ACTIVATION,
        "explicit_padding": EXPLICIT_PADDING,
    },
    types=(
        TypeRow((DType.INT8, DType.INT8, (DType.INT32, None)), (DType.INT8,)),
        TypeRow((DType.UINT8, DType.UINT8, (DType.INT32, None)), (DType.UINT8,)),
        TypeRow((DType.INT16, DType.INT8, (DType.INT64, None)), (DType.INT16,)),
        TypeRow((DType.FLOAT32, DType.FLOAT32, (DType.FLOAT32, None)), (DType.FLOAT32,)),
    ),
    constraints=(ranks, multiplier, steps, activation, bias_length, quantised, symmetric, wide_scale),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    hint="convert with full-integer quantisation so that data and filter have the same kind of type",
)
