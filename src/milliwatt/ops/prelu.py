# SPDX-License-Identifier: Apache-2.0
"""PRELU: x where x >= 0, else slope · x, with a broadcast slope."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.activation_range import clamp
from milliwatt.ops.broadcast import broadcast_shape, broadcastable, is_quantised, quantised
from milliwatt.ops.fixed_point import quantize_multiplier, requantize
from milliwatt.ops.operator import Call, Operator, Signature, TypeRow, as_output

Array = npt.NDArray[Any]


def slope_shape(signature: Signature) -> bool:
    """The slope broadcasts to the data's shape."""
    return broadcast_shape(signature)[0] == signature.input(0).shape


def scales(signature: Signature) -> bool:
    """The scales' ratios are finite."""
    if not is_quantised(signature):
        return True
    data, slope, output = signature.quant(0)[0], signature.quant(1)[0], signature.output_quant()[0]
    return max(data / output, data * slope, data * slope / output) < 2.0**127


def multipliers(signature: Signature) -> tuple[tuple[int, int], tuple[int, int]]:
    """(mantissa, exponent) for x >= 0 and for x < 0; TFLite computes the ratios in single precision."""
    data, slope = np.float32(signature.quant(0)[0]), np.float32(signature.quant(1)[0])
    output = np.float32(signature.output_quant()[0])
    with np.errstate(all="ignore"):
        return quantize_multiplier(float(data / output)), quantize_multiplier(float(data * slope / output))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape."""
    return (signature.input(0).shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Either branch is rescaled on its own."""
    data, slope, signature = call.input(0), call.input(1), call.signature
    if not is_quantised(signature):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return (as_output(np.where(data >= 0, data, data * slope), signature),)
    positive, negative = multipliers(signature)
    centred = data.astype(np.int64) - signature.quant(0)[1]
    products = centred * (slope.astype(np.int64) - signature.quant(1)[1])
    above = requantize(centred, *positive, call.rounding)
    below = requantize(products, *negative, call.rounding)
    raw = np.where(centred >= 0, above, below) + signature.output_quant()[1]
    return (clamp(raw, "NONE", signature.outputs[0]),)


OPERATOR = Operator(
    name="PRELU",
    summary="The rectifier whose slope below zero is an input.",
    types=tuple(TypeRow((kind, kind), (kind,)) for kind in (DType.INT8, DType.FLOAT32)),
    constraints=(broadcastable, slope_shape, quantised, scales),
    shapes=shapes,
    evaluate=evaluate,
    macs=lambda signature: signature.outputs[0].size,
)
