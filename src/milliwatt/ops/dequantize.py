# SPDX-License-Identifier: Apache-2.0
"""DEQUANTIZE: integers to floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.unary import shapes

Array = npt.NDArray[Any]


def quantised(signature: Signature) -> bool:
    """The data is quantised, with one scale, or with one per slice of a dimension."""
    kind = signature.input(0)
    if kind.quant is None:
        return False
    axis = kind.quant.axis
    return axis is None or (0 <= axis < len(kind.shape) and kind.shape[axis] == len(kind.quant.scale))


def evaluate(call: Call) -> tuple[Array, ...]:
    """scale * (value - zero point), rounded once to float32; LiteRT and the C kernel agree to the bit."""
    kind = call.signature.input(0)
    if kind.quant is None:
        raise ValueError("the data is not quantised")
    along = [1] * len(kind.shape)
    if kind.quant.axis is not None:
        along[kind.quant.axis] = -1
    scale = np.array(kind.quant.scale, np.float32).reshape(along)
    zero_point = np.array(kind.quant.zero_point, np.int32).reshape(along)
    centred = (call.input(0).astype(np.int32) - zero_point).astype(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        return (as_output(scale * centred, call.signature),)


OPERATOR = Operator(
    name="DEQUANTIZE",
    summary="Integers to floats: scale * (value - zero point).",
    types=(TypeRow(((DType.INT8, DType.UINT8, DType.INT16),), (DType.FLOAT32,)),),
    constraints=(quantised,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
