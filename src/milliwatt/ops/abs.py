# SPDX-License-Identifier: Apache-2.0
"""ABS: the absolute value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.fixed_point import quantize_multiplier
from milliwatt.ops.operator import Call, Operator, Signature, as_output
from milliwatt.ops.rectify import Rectifier, ratio, rectify
from milliwatt.ops.unary import same, shapes, symmetric_16

Array = npt.NDArray[Any]


def quantised(signature: Signature) -> bool:
    """int8 data and output have one scale and one zero point each; int16 ones too, or none of both has any."""
    kinds = (signature.input(0), signature.outputs[0])
    if kinds[0].dtype is DType.INT16 and kinds[0].quant is None and kinds[1].quant is None:
        return True
    integers = kinds[0].dtype in (DType.INT8, DType.INT16)
    return not integers or all(kind.quant is not None and not kind.quant.per_channel for kind in kinds)


def rectifier(signature: Signature) -> Rectifier:
    """The constants of the quantised operator."""
    low, high = signature.outputs[0].dtype.limits
    # Equal scales skip the multiplication in TFLite; a multiplier of exactly 1 does not change a value either.
    multiplier = quantize_multiplier(ratio(signature))
    return Rectifier(
        signature.quant(0)[1], signature.output_quant()[1], multiplier, multiplier, low, high, absolute=True
    )


def evaluate(call: Call) -> tuple[Array, ...]:
    """Quantised data is rescaled; plain integers wrap at their lowest value. Floats are exact."""
    data = call.input(0)
    if data.dtype not in (np.int8, np.int16) or call.signature.input(0).quant is None:
        return (as_output(np.abs(data), call.signature),)
    return (as_output(rectify(data, rectifier(call.signature), call.rounding), call.signature),)


OPERATOR = Operator(
    name="ABS",
    summary="The absolute value.",
    types=same(DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32),
    constraints=(quantised, symmetric_16),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
