# SPDX-License-Identifier: Apache-2.0
"""SILU: the data times the logistic function of it, also called swish.

Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
reinforcement learning", Neural Networks 107, 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables, float_functions
from milliwatt.ops.operator import Call, Operator
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]


def silu(values: Array) -> Array:
    """x / (1 + exp(-x)), each operation rounded to float32; 0 where the exponential overflows."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        result: Array = values / (np.float32(1) + float_functions.exp(-values.astype(np.float32)))
    return result


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data. Floats: as the formula says; the C kernel is within 3 ulp."""
    return activation_tables.evaluate(call, silu)


OPERATOR = Operator(
    name="SILU",
    summary="The data times the logistic function of it.",
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(quantised,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
    tflite=False,
)
