# SPDX-License-Identifier: Apache-2.0
"""TRANSPOSE_CONV: the gradient of a convolution; each input pixel adds a scaled filter to the output."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.accumulate import centred, finish, symmetric, wide_scale
from milliwatt.ops.conv_2d import activation
from milliwatt.ops.operator import ACTIVATION, PADDING, Attribute, Call, Operator, Signature, TypeRow
from milliwatt.ops.taps import span
from milliwatt.ops.window import Axis, axis

Array = npt.NDArray[Any]

SHAPE, FILTER, DATA, BIAS = range(4)
"""Indices of the inputs."""


def ranks(signature: Signature) -> bool:
    """Data is [batch, height, width, channels] and the filter [out, height, width, channels], with the same
    channels.
    """
    data, weights = signature.input(DATA).shape, signature.input(FILTER).shape
    return len(data) == 4 and len(weights) == 4 and data[3] == weights[3]


def output_shape(signature: Signature) -> bool:
    """The output shape is a constant of four positive numbers that keeps the batch and the filter's out
    channels.
    """
    wanted = signature.constant(SHAPE)
    if wanted is None or wanted.shape != (4,) or any(int(extent) < 1 for extent in wanted):
        return False
    kept = int(wanted[0]), int(wanted[3])
    return kept == (signature.input(DATA).shape[0], signature.input(FILTER).shape[0])


def steps(signature: Signature) -> bool:
    """Strides are at least 1."""
    return bool(signature.attrs["stride_h"] >= 1 and signature.attrs["stride_w"] >= 1)


def bias_length(signature: Signature) -> bool:
    """The bias has one element per output channel."""
    return not signature.has_input(BIAS) or signature.input(BIAS).size == signature.input(FILTER).shape[0]


def quantised(signature: Signature) -> bool:
    """Quantised data and output have one scale; the filter has zero points 0 and one scale, or one per
    output channel.
    """
    data, weights, output = signature.input(DATA), signature.input(FILTER), signature.outputs[0]
    if data.dtype is DType.FLOAT32:
        return True
    if data.quant is None or weights.quant is None or output.quant is None:
        return False
    counts = len(weights.quant.scale) in (1, weights.shape[0]) and weights.quant.axis in (None, 0)
    one = len(data.quant.scale) == 1 and len(output.quant.scale) == 1
    return one and counts and not any(weights.quant.zero_point)


def fits_wide(signature: Signature) -> bool:
    """Where accumulators have 64 bits, the data's scale times the filter's is less than 2**14 times the
    output's.
    """
    return wide_scale(convolution_signature(signature))


def axes(signature: Signature) -> tuple[Axis, Axis]:
    """The windows of the forward convolution, which goes from this operator's output to its input."""
    wanted = signature.constant(SHAPE)
    if wanted is None:
        raise ValueError("the output shape is not constant")
    return _axis(signature, wanted, 1, "stride_h"), _axis(signature, wanted, 2, "stride_w")


def _axis(signature: Signature, wanted: Array, dimension: int, stride: str) -> Axis:
    window = signature.input(FILTER).shape[dimension]
    attrs = signature.attrs
    forward = axis(int(wanted[dimension]), window, stride=attrs[stride], padding=attrs["padding"])
    # The padding follows from the output shape; the input may have more or fewer pixels than it implies.
    return dataclasses.replace(forward, output=signature.input(DATA).shape[dimension])


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """What the first input says."""
    wanted = signature.constant(SHAPE)
    if wanted is None:
        raise ValueError("the output shape is not constant")
    return (tuple(int(extent) for extent in wanted),)


def convolution_signature(signature: Signature) -> Signature:
    """The same operator with its inputs in the order of a convolution: data, filter, bias."""
    has_bias = signature.has_input(BIAS)
    order = (DATA, FILTER, BIAS) if has_bias else (DATA, FILTER)
    return dataclasses.replace(
        signature,
        inputs=tuple(signature.inputs[index] for index in order),
        constants=tuple(signature.constant(index) for index in order),
    )


def evaluate(call: Call) -> tuple[Array, ...]:
    """Scatter every input pixel times the filter. Integers are exact in float64, floats are float32."""
    data, weights = centred(call, DATA), call.input(FILTER)
    rows, columns = axes(call.signature)
    total = np.zeros(call.signature.outputs[0].shape, data.dtype)
    for i in range(rows.window):
        from_rows, to_rows = span(rows, i)
        for j in range(columns.window):
            from_columns, to_columns = span(columns, j)
            tap = weights[:, i, j].T.astype(data.dtype)
            total[:, to_rows, to_columns] += data[:, from_rows, from_columns] @ tap
    bias = call.inputs[BIAS] if len(call.inputs) > BIAS else None
    inputs = (call.input(DATA), weights) if bias is None else (call.input(DATA), weights, bias)
    reordered = dataclasses.replace(call, signature=convolution_signature(call.signature), inputs=inputs)
    return (finish(reordered, total),)


def macs(signature: Signature) -> int:
    """Input elements times window size times output channels."""
    out_channels, window_h, window_w, _ = signature.input(FILTER).shape
    return signature.input(DATA).size * window_h * window_w * out_channels


OPERATOR = Operator(
    name="TRANSPOSE_CONV",
    summary="Transposed two-dimensional convolution of NHWC data with an OHWI filter to a given shape.",
    attributes={
        "padding": PADDING,
        "stride_h": Attribute("int", 1),
        "stride_w": Attribute("int", 1),
        "fused_activation_function": ACTIVATION,
    },
    types=(
        TypeRow((DType.INT32, DType.INT8, DType.INT8, (DType.INT32, None)), (DType.INT8,)),
        TypeRow((DType.INT32, DType.INT8, DType.INT16, (DType.INT64, None)), (DType.INT16,)),
        TypeRow((DType.INT32, DType.FLOAT32, DType.FLOAT32, (DType.FLOAT32, None)), (DType.FLOAT32,)),
    ),
    constraints=(ranks, output_shape, steps, activation, bias_length, quantised, symmetric, fits_wide),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    hint="convert with full-integer quantisation and a static input shape, so that the shape is constant",
)
