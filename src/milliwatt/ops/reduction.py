# SPDX-License-Identifier: Apache-2.0
"""What MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD share: axes, shapes and quantised sums.

Source: TFLite kernels/reduce.cc and kernels/internal/reference/reduce.h.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.broadcast import is_quantised
from milliwatt.ops.fixed_point import quantize_multiplier, requantize, wrap_int32
from milliwatt.ops.operator import Attribute, Call, Signature, TypeRow

Array = npt.NDArray[Any]

ATTRIBUTES = {"keep_dims": Attribute("bool", False)}
TYPES = tuple(
    TypeRow((kind, DType.INT32), (kind,))
    for kind in (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
)


def rank(signature: Signature) -> bool:
    """The data has at most six dimensions."""
    return len(signature.input(0).shape) <= 6


def constant_axes(signature: Signature) -> bool:
    """The axes are constant, and each is a dimension of the data."""
    array, dims = signature.constant(1), len(signature.input(0).shape)
    return array is not None and all(-dims <= axis < dims for axis in array.reshape(-1).tolist())


def axes(signature: Signature) -> tuple[int, ...]:
    """The reduced dimensions in ascending order, each once."""
    array, dims = signature.constant(1), len(signature.input(0).shape)
    if array is None:
        raise ValueError("the axes are not constant")
    return tuple(sorted({int(axis) % dims for axis in array.reshape(-1)}))


def reduced_count(signature: Signature) -> int:
    """Input elements per output element."""
    return math.prod(signature.input(0).shape[axis] for axis in axes(signature))


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape, with 1 in place of reduced dimensions when they are kept, else without them."""
    reduced, keep = axes(signature), signature.attrs["keep_dims"]
    dims = enumerate(signature.input(0).shape)
    return (
        tuple(1 if index in reduced else extent for index, extent in dims if keep or index not in reduced),
    )


def rows(signature: Signature, data: Array) -> Array:
    """The data as [outputs, reduced elements], the latter in the order in which they lie in memory."""
    reduced = axes(signature)
    kept = [index for index in range(data.ndim) if index not in reduced]
    return data.transpose((*kept, *reduced)).reshape(-1, reduced_count(signature))


def sums_fit(signature: Signature) -> bool:
    """A quantised sum fits 32 bits."""
    if not is_quantised(signature):
        return True
    low, high = signature.input(0).dtype.limits
    return reduced_count(signature) * (high - low) < 2**31


def sequential_sum(values: Array) -> Array:
    """The sum over the last axis, one element after the other, so that floats round as in TFLite."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        total: Array = np.add.accumulate(values, axis=-1, dtype=values.dtype)[..., -1]
    return total


def sum_multiplier(signature: Signature) -> tuple[int, int]:
    """(mantissa, exponent) of a quantised SUM, or of a MEAN, whose mantissa is divided by the count."""
    mantissa, exponent = quantize_multiplier(signature.quant(0)[0] / signature.output_quant()[0])
    if signature.op == "SUM":
        return mantissa, exponent
    count = reduced_count(signature)
    shift = min(count.bit_length() - 1, 32, 31 + exponent)
    return (mantissa << shift) // count, exponent - shift


def rescaled_sum(call: Call) -> Array:
    """Quantised SUM or MEAN: an exact sum, one rescaling."""
    signature = call.signature
    (_, input_zero), (_, output_zero) = signature.quant(0), signature.output_quant()
    total = rows(signature, call.input(0)).astype(np.int64).sum(axis=-1)
    centred = wrap_int32(total - input_zero * reduced_count(signature))
    raw = requantize(centred, *sum_multiplier(signature), call.rounding) + output_zero
    low, high = signature.outputs[0].dtype.limits
    clamped: Array = np.clip(raw, low, high)
    return clamped


def quantised_alike(signature: Signature) -> bool:
    """Input and output have the same scale and zero point."""
    return not is_quantised(signature) or signature.input(0).quant == signature.outputs[0].quant
