# SPDX-License-Identifier: Apache-2.0
"""RSQRT: one over the square root."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables
from milliwatt.ops.fixed_point import quantize_multiplier, requantize
from milliwatt.ops.float_functions import sqrt
from milliwatt.ops.inverse_sqrt import inverse_sqrt
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.unary import quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]

_SHIFT = 20
"""Fraction bits that TFLite's int8 kernel keeps between its two multiplications."""


def function(signature: Signature) -> activation_tables.Function:
    """The real function, root and quotient each rounded to float32; on int16, zero gives the largest value."""
    output = signature.outputs[0]
    if output.dtype is DType.FLOAT32:
        return _reciprocal_root
    largest = np.float32(output.dtype.limits[1]) * np.float32(signature.output_quant()[0])
    return lambda values: np.where(values > 0, _reciprocal_root(values), largest)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Floats agree with LiteRT and the C kernel to the bit. Quantised data of zero gives the largest output.

    LiteRT stops with an error when quantised data is negative; here it counts as zero.
    """
    if call.signature.outputs[0].dtype is DType.INT8:
        return (as_output(_int8(call), call.signature),)
    return activation_tables.evaluate(call, function(call.signature))


def _reciprocal_root(values: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.float32(1) / sqrt(values)
    return result


def _int8(call: Call) -> Array:
    scale, zero_point = call.signature.quant(0)
    output_scale, output_zero = call.signature.output_quant()
    mantissa, exponent = quantize_multiplier(
        1.0 / float(np.float32(math.sqrt(np.float32(scale))) * np.float32(output_scale))
    )
    values = call.input(0).astype(np.int64) - zero_point
    root_mantissa, root_exponent = inverse_sqrt(np.maximum(values, 0))
    root = requantize(np.ones_like(values), root_mantissa, root_exponent + _SHIFT, call.rounding)
    scaled = requantize(root, mantissa, exponent - _SHIFT, call.rounding) + output_zero
    low, high = DType.INT8.limits
    return np.where(values <= 0, high, np.clip(scaled, low, high))


OPERATOR = Operator(
    name="RSQRT",
    summary="One over the square root.",
    types=same(DType.INT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
