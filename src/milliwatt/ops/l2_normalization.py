# SPDX-License-Identifier: Apache-2.0
"""L2_NORMALIZATION: x over its Euclidean norm along the last dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.fixed_point import requantize
from milliwatt.ops.float_functions import sqrt
from milliwatt.ops.inverse_sqrt import inverse_sqrt
from milliwatt.ops.operator import ACTIVATION, Call, Operator, Signature, as_output
from milliwatt.ops.rows import ranks, rows, sequential_sum
from milliwatt.ops.unary import has_quant, quantised, same, shapes

Array = npt.NDArray[Any]

EPSILON = np.float32(1e-6)
"""The smallest norm that float data is divided by."""

LARGEST_DEPTH = (2**31 - 1) // 255**2


def no_activation(signature: Signature) -> bool:
    """There is no fused activation."""
    return bool(signature.attrs["fused_activation_function"] == "NONE")


def output_scale(signature: Signature) -> bool:
    """A quantised output has scale 1/128 and zero point 0 (int8) or 128 (uint8)."""
    output = signature.outputs[0]
    return output.dtype is DType.FLOAT32 or has_quant(
        output, 2.0**-7, 0 if output.dtype is DType.INT8 else 128
    )


def depth(signature: Signature) -> bool:
    """Quantised rows have at most 33025 elements, so that the sum of their squares fits 32 bits."""
    kind = signature.input(0)
    return kind.dtype is DType.FLOAT32 or kind.shape[-1] <= LARGEST_DEPTH


def evaluate(call: Call) -> tuple[Array, ...]:
    """Quantised data: TFLite's fixed-point reciprocal root. Floats: squares summed in order.

    LiteRT and the C kernel do the same float operations in the same order and agree to the bit.
    """
    data = rows(call.input(0))
    if data.dtype == np.float32:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            norm = np.maximum(sqrt(sequential_sum(data * data)), EPSILON)
            return (as_output(data / norm, call.signature),)
    output = call.signature.outputs[0]
    centred = data.astype(np.int64) - call.signature.quant(0)[1]
    mantissa, exponent = inverse_sqrt((centred * centred).sum(axis=1, keepdims=True))
    if output.dtype is DType.INT8:
        scaled = requantize(centred, mantissa, exponent + 7, call.rounding)
    else:
        scaled = requantize(centred * 128, mantissa, exponent, call.rounding) + 128
    return (as_output(np.clip(scaled, *output.dtype.limits), call.signature),)


OPERATOR = Operator(
    name="L2_NORMALIZATION",
    summary="x over its Euclidean norm along the last dimension.",
    attributes={"fused_activation_function": ACTIVATION},
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(ranks, quantised, no_activation, output_scale, depth),
    shapes=shapes,
    evaluate=evaluate,
)
