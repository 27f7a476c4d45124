# SPDX-License-Identifier: Apache-2.0
"""REDUCE_PROD: the product over some dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.reduction import ATTRIBUTES, constant_axes, rank, rows, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """One element after the other; integers wrap."""
    values = rows(call.signature, call.input(0))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        product = np.multiply.accumulate(values, axis=-1, dtype=values.dtype)[..., -1]
    return (as_output(product, call.signature),)


OPERATOR = Operator(
    name="REDUCE_PROD",
    summary="The product over the given dimensions, of numbers that are not quantised.",
    attributes=ATTRIBUTES,
    types=tuple(TypeRow((kind, DType.INT32), (kind,)) for kind in (DType.INT32, DType.INT64, DType.FLOAT32)),
    constraints=(rank, constant_axes),
    shapes=shapes,
    evaluate=evaluate,
)
