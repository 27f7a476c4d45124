# SPDX-License-Identifier: Apache-2.0
"""HARD_SWISH: x * relu6(x + 3) / 6.

Sources: Howard et al., "Searching for MobileNetV3", ICCV 2019; the 16-bit fixed-point form is that of TFLite
`kernels/internal/reference/hard_swish.h`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.fixed_point import quantize_multiplier, rounding_shift_right
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]

_MAX, _MIN = 2**15 - 1, -(2**15)


@dataclass(frozen=True)
class Factors:
    """16-bit multipliers and exponents: to the output's scale, and to the scale where 3.0 is 32768."""

    output: int
    output_exponent: int
    gate: int
    gate_exponent: int


def factors(signature: Signature) -> Factors:
    """The constants of the quantised operator, in float32 as TFLite's Prepare computes them."""
    fine = np.float32(1.0 / 128.0) * np.float32(signature.quant(0)[0])
    gate_scale = np.float32(3.0) / np.float32(32768.0)
    output = quantize_multiplier(float(fine / np.float32(signature.output_quant()[0])))
    gate = quantize_multiplier(float(fine / gate_scale))
    return Factors(_narrow(output[0]), output[1], _narrow(gate[0]), gate[1])


def scale_ratio(signature: Signature) -> bool:
    """The input's scale is less than 128 times the output's, and more than 2**-8 times."""
    if signature.outputs[0].dtype is DType.FLOAT32:
        return True
    return -15 <= factors(signature).output_exponent <= 0


def evaluate(call: Call) -> tuple[Array, ...]:
    """Quantised data in 16-bit fixed point. Floats: each operation rounded to float32; C and LiteRT agree."""
    data, output = call.input(0), call.signature.outputs[0]
    if output.dtype is DType.FLOAT32:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            gate = np.minimum(np.float32(6), np.maximum(np.float32(0), data + np.float32(3)))
            return (as_output(data * gate / np.float32(6), call.signature),)
    constants = factors(call.signature)
    fine = (data.astype(np.int64) - call.signature.quant(0)[1]) * 128
    gate = (_gate(fine, constants) + (1 << 15)) >> 1
    product = gate * _high_multiply(fine, constants.output)
    # This product is truncated where the others are rounded; TFLite found that the biases cancel.
    before_shift = np.where(product >= 0, product >> 15, -((-product) >> 15))
    result = rounding_shift_right(before_shift, -constants.output_exponent) + call.signature.output_quant()[1]
    wrapped = result.astype(np.int16)
    return (as_output(np.clip(wrapped, *output.dtype.limits), call.signature),)


def _gate(fine: Array, constants: Factors) -> Array:
    """The data in steps of 3 / 32768, saturated to 16 bits."""
    exponent = constants.gate_exponent
    values = _saturate(fine << max(exponent - 1, 0))
    values = _high_multiply(values, constants.gate)
    if exponent > 0:
        values = _saturate(values << 1)
    return rounding_shift_right(values, max(-exponent, 0))


def _narrow(mantissa: int) -> int:
    return _MAX if mantissa >= 2**31 - 1 - (1 << 15) else (mantissa + (1 << 15)) >> 16


def _saturate(values: Array) -> Array:
    return np.clip(values, _MIN, _MAX)


def _high_multiply(values: Array, factor: int) -> Array:
    """round(values * factor / 2**15) as gemmlowp's 16-bit SaturatingRoundingDoublingHighMul rounds."""
    product = values * factor
    total = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return np.where(total >= 0, total >> 15, -((-total) >> 15))


OPERATOR = Operator(
    name="HARD_SWISH",
    summary="x * relu6(x + 3) / 6.",
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(quantised, scale_ratio),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
