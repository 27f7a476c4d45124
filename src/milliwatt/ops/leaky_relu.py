# SPDX-License-Identifier: Apache-2.0
"""LEAKY_RELU: the data, times alpha below zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.fixed_point import quantize_multiplier
from milliwatt.ops.operator import Attribute, Call, Operator, Signature, as_output
from milliwatt.ops.rectify import Rectifier, ratio, rectify
from milliwatt.ops.unary import quantised, same, shapes, symmetric_16

Array = npt.NDArray[Any]


def finite_alpha(signature: Signature) -> bool:
    """The slope alpha is finite."""
    return math.isfinite(signature.attrs["alpha"])


def rectifier(signature: Signature) -> Rectifier:
    """The constants of the quantised operator; scales and alpha are combined in float32, as in TFLite."""
    input_scale, input_zero = signature.quant(0)
    output_scale, output_zero = signature.output_quant()
    alpha = np.float32(signature.attrs["alpha"])
    slope = float(np.float32(input_scale) * alpha / np.float32(output_scale))
    low, high = signature.outputs[0].dtype.limits
    return Rectifier(
        input_zero,
        output_zero,
        quantize_multiplier(ratio(signature)),
        quantize_multiplier(abs(slope)),
        low,
        high,
        negate=slope < 0,
    )


def evaluate(call: Call) -> tuple[Array, ...]:
    """Scale either side of zero on its own. Floats are exact to the one rounding of the product."""
    data = call.input(0)
    if data.dtype == np.float32:
        alpha = np.float32(call.signature.attrs["alpha"])
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return (as_output(np.where(data > 0, data, data * alpha), call.signature),)
    return (as_output(rectify(data, rectifier(call.signature), call.rounding), call.signature),)


OPERATOR = Operator(
    name="LEAKY_RELU",
    summary="The data, times alpha below zero.",
    attributes={"alpha": Attribute("float", 0.0)},
    types=same(DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised, symmetric_16, finite_alpha),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
