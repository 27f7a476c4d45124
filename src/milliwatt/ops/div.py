# SPDX-License-Identifier: Apache-2.0
"""DIV: x / y, broadcast; integers towards zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.activation_range import clamp
from milliwatt.ops.broadcast import (
    activation,
    broadcast_shape,
    broadcastable,
    has_divisors,
    is_quantised,
    quantised,
)
from milliwatt.ops.fixed_point import doubling_high_multiply, quantize_multiplier, rounding_shift_right
from milliwatt.ops.operator import ACTIVATION, Call, Operator, Signature, TypeRow
from milliwatt.ops.plain_arithmetic import limited, truncated_quotient
from milliwatt.ops.reciprocal import leading_zeros, reciprocal

Array = npt.NDArray[Any]


def multiplier(signature: Signature) -> tuple[int, int]:
    """(mantissa, exponent) of the scale of a quotient; TFLite computes the ratio in single precision."""
    with np.errstate(all="ignore"):
        product = np.float32(signature.quant(1)[0]) * np.float32(signature.output_quant()[0])
        ratio = np.float32(signature.quant(0)[0]) / product
    return quantize_multiplier(float(ratio))


def scales(signature: Signature) -> bool:
    """The dividend's scale over the product of the other two scales is in [2^-31, 2^22)."""
    if not is_quantised(signature):
        return True
    product = signature.quant(1)[0] * signature.output_quant()[0]
    return 2.0**-31 <= signature.quant(0)[0] / product < 2.0**22 and product > 2.0**-120


def quantised_quotient(signature: Signature, first: Array, second: Array) -> Array:
    """TFLite's DivElementwise before it clamps: the dividend times the divisor's reciprocal, then rescaled.

    x / 0, which TFLite refuses to run, is 0.
    """
    (mantissa, exponent), zero_point = multiplier(signature), signature.output_quant()[1]
    dividend = first.astype(np.int64) - signature.quant(0)[1]
    divisor = second.astype(np.int64) - signature.quant(1)[1]
    dividend = np.where(divisor < 0, -dividend, dividend)
    inverse, bits = reciprocal(np.maximum(np.abs(divisor), 1))
    magnitude = np.where(dividend < 0, ~dividend, dividend)
    headroom = np.where(magnitude == 0, 31, leading_zeros(np.maximum(magnitude, 1)) - 1)
    quotient = doubling_high_multiply(dividend << headroom, inverse)
    # TFLite leaves shifts of more than 31 bits undefined; of a quotient of 31 bits they leave nothing.
    shift = bits + headroom - exponent
    rescaled = rounding_shift_right(doubling_high_multiply(quotient, mantissa), np.minimum(shift, 32))
    return np.where(divisor == 0, 0, rescaled) + zero_point


def evaluate(call: Call) -> tuple[Array, ...]:
    """Floats in one division; integers towards zero, where x / 0 is 0; int8 by a reciprocal of 31 bits."""
    first, second, signature = call.input(0), call.input(1), call.signature
    if signature.input(0).dtype is DType.FLOAT32:
        with np.errstate(all="ignore"):
            return limited(call, first / second)
    if not is_quantised(signature):
        return limited(call, truncated_quotient(first, second))
    quotient = quantised_quotient(signature, first, second)
    return (clamp(quotient, signature.attrs["fused_activation_function"], signature.outputs[0]),)


OPERATOR = Operator(
    name="DIV",
    summary="The quotient of two broadcast inputs; integers towards zero, and 0 where the divisor is 0.",
    attributes={"fused_activation_function": ACTIVATION},
    types=tuple(TypeRow((kind, kind), (kind,)) for kind in (DType.INT8, DType.INT32, DType.FLOAT32)),
    constraints=(broadcastable, activation, quantised, has_divisors, scales),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
