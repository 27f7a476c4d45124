# SPDX-License-Identifier: Apache-2.0
"""FULLY_CONNECTED: y = x · wᵀ + b over the last dimension."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.accumulate import centred_filter, finish, fits_type, symmetric, wide_scale
from milliwatt.ops.conv_2d import activation
from milliwatt.ops.operator import ACTIVATION, Attribute, Call, Operator, Signature, TypeRow

Array = npt.NDArray[Any]


def depth(signature: Signature) -> bool:
    """The filter is [units, depth], and the data's elements are a multiple of depth."""
    weights = signature.input(1).shape
    return len(weights) == 2 and weights[1] > 0 and signature.input(0).size % weights[1] == 0


def dims(signature: Signature) -> bool:
    """With keep_num_dims the data's last dimension is the filter's depth."""
    data = signature.input(0).shape
    return not signature.attrs["keep_num_dims"] or (len(data) > 0 and data[-1] == signature.input(1).shape[1])


def plain_weights(signature: Signature) -> bool:
    """The weights are in the DEFAULT format, not shuffled."""
    return bool(signature.attrs["weights_format"] == "DEFAULT")


def bias_length(signature: Signature) -> bool:
    """The bias has one element per unit."""
    return not signature.has_input(2) or signature.input(2).size == signature.input(1).shape[0]


def quantised(signature: Signature) -> bool:
    """Quantised data and output have one scale; the filter has one scale and zero point, or int8 with
    zero points 0 and one scale per unit.
    """
    data, weights, output = signature.input(0), signature.input(1), signature.outputs[0]
    if data.dtype is DType.FLOAT32:
        return True
    if data.quant is None or weights.quant is None or output.quant is None:
        return False
    scales = len(weights.quant.scale)
    per_unit = scales == weights.shape[0] and weights.quant.axis == 0 and fits_type(weights)
    return (scales == 1 or per_unit) and not data.quant.per_channel and not output.quant.per_channel


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[rows, units], or the data's shape with its last dimension replaced when keep_num_dims is set."""
    data, (units, depth_) = signature.input(0), signature.input(1).shape
    if signature.attrs["keep_num_dims"]:
        return ((*data.shape[:-1], units),)
    return ((data.size // depth_, units),)


def evaluate(call: Call) -> tuple[Array, ...]:
    """One matrix product; integers exactly, floats in float32."""
    data, weights = call.input(0), call.input(1)
    rows = data.reshape(-1, weights.shape[1])
    if data.dtype == np.float32:
        accumulators = rows @ weights.T
    else:
        centred = rows.astype(np.float64) - call.signature.quant(0)[1]
        accumulators = centred @ centred_filter(call).T
    return (finish(call, accumulators).reshape(call.signature.outputs[0].shape),)


def macs(signature: Signature) -> int:
    """Rows times units times depth."""
    return math.prod(signature.outputs[0].shape) * signature.input(1).shape[1]


OPERATOR = Operator(
    name="FULLY_CONNECTED",
    summary="Matrix product of the data's last dimension with a [units, depth] filter, plus bias.",
    attributes={
        "fused_activation_function": ACTIVATION,
        # LiteRT takes the width of 16-bit data's accumulators from here, this package from the bias itself.
        "quantized_bias_type": Attribute("enum", "FLOAT32", enum="TensorType"),
        "weights_format": Attribute("enum", "DEFAULT", enum="FullyConnectedOptionsWeightsFormat"),
        "keep_num_dims": Attribute("bool", False),
    },
    types=(
        TypeRow((DType.INT8, DType.INT8, (DType.INT32, None)), (DType.INT8,)),
        TypeRow((DType.UINT8, DType.UINT8, (DType.INT32, None)), (DType.UINT8,)),
        TypeRow((DType.INT16, DType.INT8, (DType.INT32, DType.INT64, None)), (DType.INT16,)),
        TypeRow((DType.FLOAT32, DType.FLOAT32, (DType.FLOAT32, None)), (DType.FLOAT32,)),
    ),
    constraints=(depth, dims, activation, plain_weights, bias_length, quantised, symmetric, wide_scale),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    hint="convert with full-integer quantisation so that data and filter have the same kind of type",
)
