# SPDX-License-Identifier: Apache-2.0
"""QUANTIZE: floats to integers, or integers to integers of another scale, zero point or width."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.fixed_point import quantize_multiplier, requantize, wrap_int32
from milliwatt.ops.float_functions import round_half_away, saturate
from milliwatt.ops.operator import Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.unary import shapes

Array = npt.NDArray[Any]


def quantised(signature: Signature) -> bool:
    """The output, and the data unless it is float32, have one scale and one zero point each."""
    kinds = [signature.outputs[0]]
    if signature.input(0).dtype is not DType.FLOAT32:
        kinds.append(signature.input(0))
    return all(kind.quant is not None and not kind.quant.per_channel for kind in kinds)


def symmetric_16(signature: Signature) -> bool:
    """From int16 to int16 both zero points are 0."""
    kinds = (signature.input(0), signature.outputs[0])
    if any(kind.dtype is not DType.INT16 for kind in kinds):
        return True
    return all(kind.quant is not None and kind.quant.scalar[1] == 0 for kind in kinds)


def multiplier(signature: Signature) -> tuple[int, int]:
    """Mantissa and exponent of input scale over output scale, divided in double precision."""
    return quantize_multiplier(signature.quant(0)[0] / signature.output_quant()[0])


def evaluate(call: Call) -> tuple[Array, ...]:
    """Floats: one division in float32, ties away from zero. Integers: one rescaling.

    A quotient beyond the int32 range saturates and NaN becomes the smallest value, as on Arm; LiteRT leaves
    these cases to the hardware, and x86 makes them all the smallest value.
    """
    data, output = call.input(0), call.signature.outputs[0]
    scale, zero_point = call.signature.output_quant()
    low, high = output.dtype.limits
    if data.dtype == np.float32:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            steps = round_half_away(data / np.float32(scale))
        result = saturate(steps, low - zero_point, high - zero_point) + zero_point
        return (as_output(result, call.signature),)
    centred = wrap_int32(data.astype(np.int64) - call.signature.quant(0)[1])
    scaled = wrap_int32(requantize(centred, *multiplier(call.signature), call.rounding) + zero_point)
    return (as_output(np.clip(scaled, low, high), call.signature),)


_ROWS = {
    DType.FLOAT32: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT8: (DType.INT8, DType.UINT8, DType.INT16),
    DType.UINT8: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT16: (DType.INT8, DType.INT16, DType.INT32),
    DType.INT32: (DType.INT8, DType.INT16),
}

OPERATOR = Operator(
    name="QUANTIZE",
    summary="Floats to integers, or integers to integers of another scale, zero point or width.",
    types=tuple(TypeRow((source,), (targets,)) for source, targets in _ROWS.items()),
    constraints=(quantised, symmetric_16),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
