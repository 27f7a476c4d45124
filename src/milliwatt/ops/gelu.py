# SPDX-License-Identifier: Apache-2.0
"""GELU: the data times the normal distribution function of it, exactly or by a tanh.

Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016; TFLite `kernels/internal/reference/gelu.h`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Attribute, Call, Operator, Signature
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]

MINUS_SQRT_HALF = np.float32(-math.sqrt(0.5))
SQRT_2_PI = np.float32(math.sqrt(2.0 / math.pi))
CUBIC = np.float32(0.044715)


def gelu(values: Array) -> Array:
    """0.5 * x * erfc(-x / sqrt(2)), each operation rounded to float32."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        result: Array = np.float32(0.5) * values * float_functions.erfc(values * MINUS_SQRT_HALF)
    return result


def gelu_approximate(values: Array) -> Array:
    """0.5 * x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x**3))), each operation rounded to float32."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        inner = SQRT_2_PI * (values + CUBIC * values * values * values)
        result: Array = np.float32(0.5) * values * (np.float32(1) + float_functions.tanh(inner))
    return result


def function(signature: Signature) -> activation_tables.Function:
    """The form that the attribute asks for."""
    return gelu_approximate if signature.attrs["approximate"] else gelu


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data.

    Floats: TFLite's formula with correctly rounded functions. The C kernel is within 2 ulp of the exact form
    and, since 1 + tanh cancels below zero, within |x| * 2**-23 of the other; LiteRT within 16 ulp and
    |x| * 2**-20, because it approximates erfc and tanh by rational functions.
    """
    return activation_tables.evaluate(call, function(call.signature))


OPERATOR = Operator(
    name="GELU",
    summary="The data times the normal distribution function of it, exactly or approximated by a tanh.",
    attributes={"approximate": Attribute("bool", False)},
    types=same(DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32),
    constraints=(quantised,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
