# SPDX-License-Identifier: Apache-2.0
"""BATCH_MATMUL: matrix products of the last two dimensions; the others broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.accumulate import requantize_narrow, requantize_wide, symmetric, wide_scale
from milliwatt.ops.fixed_point import quantize_multiplier, wrap_int32
from milliwatt.ops.operator import Attribute, Call, Operator, Signature, TypeRow

Array = npt.NDArray[Any]


def ranks(signature: Signature) -> bool:
    """Both operands have two to five dimensions."""
    return all(2 <= len(signature.input(index).shape) <= 5 for index in (0, 1))


def batches(signature: Signature) -> bool:
    """The leading dimensions are equal, or 1 on one side."""
    left, right = (signature.input(index).shape[:-2] for index in (0, 1))
    pairs = zip(reversed(left), reversed(right), strict=False)
    return all(first == second or 1 in (first, second) for first, second in pairs)


def depth(signature: Signature) -> bool:
    """The columns of the left matrices are the rows of the right ones (after adj_x and adj_y)."""
    left, right = matrices(signature)
    return left[1] == right[0]


def quantised(signature: Signature) -> bool:
    """Quantised operands and output have one scale and zero point each; an int32 output asks for none."""
    kinds = [signature.input(0), signature.input(1), signature.outputs[0]]
    if kinds[2].dtype in (DType.FLOAT32, DType.INT32):
        return True
    return all(kind.quant is not None and len(kind.quant.scale) == 1 for kind in kinds)


def matrices(signature: Signature) -> tuple[tuple[int, int], tuple[int, int]]:
    """(rows, depth) of a left matrix and (depth, columns) of a right one, as they are multiplied."""
    left, right = signature.input(0).shape[-2:], signature.input(1).shape[-2:]
    return (
        (left[1], left[0]) if signature.attrs["adj_x"] else (left[0], left[1]),
        (right[1], right[0]) if signature.attrs["adj_y"] else (right[0], right[1]),
    )


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[broadcast leading dimensions, rows, columns]."""
    left, right = matrices(signature)
    leading = np.broadcast_shapes(signature.input(0).shape[:-2], signature.input(1).shape[:-2])
    return ((*leading, left[0], right[1]),)


def multiplier(signature: Signature) -> tuple[int, int]:
    """Mantissa and exponent of the scale from products to the output, taken in double precision."""
    scale = signature.quant(0)[0] * signature.quant(1)[0] / signature.output_quant()[0]
    return quantize_multiplier(scale)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Products of the broadcast stacks. 8-bit integers are exact in float64, 16-bit ones in int64.

    An int32 output holds products of the integers as they are stored, without their zero points, as in LiteRT.
    """
    signature = call.signature
    left, right = call.input(0), call.input(1)
    output = signature.outputs[0].dtype
    if output is DType.INT32:
        left, right = left.astype(np.float64), right.astype(np.float64)
    elif left.dtype == np.int8:
        left = left.astype(np.float64) - signature.quant(0)[1]
        right = right.astype(np.float64) - signature.quant(1)[1]
    elif left.dtype == np.int16:
        left, right = left.astype(np.int64), right.astype(np.int64)
    left = np.swapaxes(left, -1, -2) if signature.attrs["adj_x"] else left
    right = np.swapaxes(right, -1, -2) if signature.attrs["adj_y"] else right
    product = left @ right
    if output is DType.FLOAT32:
        return (product.astype(np.float32),)
    total = product.astype(np.int64)
    if output is DType.INT32:
        return (wrap_int32(total).astype(np.int32),)
    mantissa, exponent = multiplier(signature)
    rescaled = requantize_wide if output is DType.INT16 else requantize_narrow
    scaled = rescaled(total, np.asarray(mantissa), np.asarray(exponent), call.rounding)
    low, high = output.limits
    return (np.clip(scaled + signature.output_quant()[1], low, high).astype(output.numpy),)


def macs(signature: Signature) -> int:
    """Output elements times depth."""
    return signature.outputs[0].size * matrices(signature)[0][1]


OPERATOR = Operator(
    name="BATCH_MATMUL",
    summary="Products of the last two dimensions, transposed on request; leading dimensions broadcast.",
    attributes={
        "adj_x": Attribute("bool", False),
        "adj_y": Attribute("bool", False),
        # Says how hybrid models quantise on the fly; no kernel here does.
        "asymmetric_quantize_inputs": Attribute("bool", False),
    },
    types=(
        TypeRow((DType.INT8, DType.INT8), (DType.INT8,)),
        TypeRow((DType.INT8, DType.INT8), (DType.INT32,)),
        TypeRow((DType.INT16, DType.INT16), (DType.INT16,)),
        TypeRow((DType.FLOAT32, DType.FLOAT32), (DType.FLOAT32,)),
    ),
    constraints=(ranks, batches, depth, quantised, symmetric, wide_scale),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
    hint="convert with full-integer quantisation so that both operands have the same type",
)
