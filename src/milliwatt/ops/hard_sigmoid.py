# SPDX-License-Identifier: Apache-2.0
"""HARD_SIGMOID: alpha * x + beta, limited to 0..1.

Source: ONNX, operator HardSigmoid of version 22; PyTorch's hardsigmoid has alpha 1/6 and beta 1/2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops import activation_tables
from milliwatt.ops.operator import Attribute, Call, Operator, Signature
from milliwatt.ops.unary import quantised, same, shapes

Array = npt.NDArray[Any]


def finite(signature: Signature) -> bool:
    """alpha and beta are finite."""
    return math.isfinite(signature.attrs["alpha"]) and math.isfinite(signature.attrs["beta"])


def evaluate(call: Call) -> tuple[Array, ...]:
    """By table on quantised data. Floats: each operation rounded to float32; the C kernel agrees to the bit."""
    alpha, beta = (np.float32(call.signature.attrs[name]) for name in ("alpha", "beta"))

    def function(values: Array) -> Array:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            line = values.astype(np.float32) * alpha + beta
        limited: Array = np.minimum(np.maximum(line, np.float32(0)), np.float32(1))
        return limited

    return activation_tables.evaluate(call, function)


OPERATOR = Operator(
    name="HARD_SIGMOID",
    summary="alpha * x + beta, limited to 0..1.",
    attributes={"alpha": Attribute("float", 0.2), "beta": Attribute("float", 0.5)},
    types=same(DType.INT8, DType.UINT8, DType.FLOAT32),
    constraints=(quantised, finite),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
    tflite=False,
)
