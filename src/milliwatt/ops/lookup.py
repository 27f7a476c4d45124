# SPDX-License-Identifier: Apache-2.0
"""LOOKUP: an 8-bit integer chooses an entry of a constant table. Made by passes, never imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Call, Operator, Signature, TypeRow, as_output

Array = npt.NDArray[Any]


def table(signature: Signature) -> bool:
    """The table is a constant of 256 entries of the output's element type."""
    constant = signature.constant(1)
    return constant is not None and constant.shape == (256,)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape."""
    return (signature.input(0).shape,)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Index from the smallest value of the data's type."""
    data = call.input(0)
    return (as_output(call.input(1)[data.astype(np.int64) - np.iinfo(data.dtype).min], call.signature),)


OPERATOR = Operator(
    name="LOOKUP",
    summary="A table of 256 entries, indexed by an 8-bit integer; what chains of element-wise operators become.",
    types=tuple(
        TypeRow((data, entry), (entry,))
        for data in (DType.INT8, DType.UINT8)
        for entry in (DType.INT8, DType.UINT8)
    ),
    constraints=(table,),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
