# SPDX-License-Identifier: Apache-2.0
"""MUL: x · y, broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.activation_range import clamp
from milliwatt.ops.broadcast import activation, broadcast_shape, broadcastable, is_quantised, quantised
from milliwatt.ops.fixed_point import quantize_multiplier, requantize
from milliwatt.ops.operator import ACTIVATION, Call, Operator, Signature, TypeRow
from milliwatt.ops.plain_arithmetic import limited

Array = npt.NDArray[Any]


def multiplier(signature: Signature) -> tuple[int, int]:
    """(mantissa, exponent) of the scale of a product; TFLite computes the ratio in single precision."""
    with np.errstate(all="ignore"):
        product = np.float32(signature.quant(0)[0]) * np.float32(signature.quant(1)[0])
        ratio = product / np.float32(signature.output_quant()[0])
    return quantize_multiplier(float(ratio))


def scales(signature: Signature) -> bool:
    """The product of the inputs' scales divided by the output's is finite."""
    if not is_quantised(signature):
        return True
    product = float(np.float32(signature.quant(0)[0])) * float(np.float32(signature.quant(1)[0]))
    return max(product, product / signature.output_quant()[0]) < 2.0**127


def evaluate(call: Call) -> tuple[Array, ...]:
    """Floats and plain integers wrap or round as the machine does; quantised products are rescaled."""
    first, second, signature = call.input(0), call.input(1), call.signature
    if not is_quantised(signature):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return limited(call, first * second)
    centred = first.astype(np.int64) - signature.quant(0)[1]
    products = centred * (second.astype(np.int64) - signature.quant(1)[1])
    raw = requantize(products, *multiplier(signature), call.rounding) + signature.output_quant()[1]
    return (clamp(raw, signature.attrs["fused_activation_function"], signature.outputs[0]),)


OPERATOR = Operator(
    name="MUL",
    summary="The product of two broadcast inputs.",
    attributes={"fused_activation_function": ACTIVATION},
    types=tuple(
        TypeRow((kind, kind), (kind,))
        for kind in (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    ),
    constraints=(broadcastable, activation, quantised, scales),
    shapes=broadcast_shape,
    evaluate=evaluate,
    macs=lambda signature: signature.outputs[0].size,
)
