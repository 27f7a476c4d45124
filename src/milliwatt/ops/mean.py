# SPDX-License-Identifier: Apache-2.0
"""MEAN: the mean over some dimensions; over height and width it is global average pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import is_quantised, quantised
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.plain_arithmetic import truncated_quotient
from milliwatt.ops.reduction import (
    ATTRIBUTES,
    TYPES,
    constant_axes,
    rank,
    reduced_count,
    rescaled_sum,
    rows,
    sequential_sum,
    shapes,
    sums_fit,
)

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Integers: exact sum, one rescaling or division towards zero. Floats: summed in order, divided."""
    signature = call.signature
    if is_quantised(signature):
        return (as_output(rescaled_sum(call), signature),)
    values, count = rows(signature, call.input(0)), reduced_count(signature)
    if values.dtype == np.float32:
        return (as_output(sequential_sum(values) / np.float32(count), signature),)
    totals = values.astype(np.int64).sum(axis=-1)
    return (as_output(truncated_quotient(totals, np.full_like(totals, count)), signature),)


OPERATOR = Operator(
    name="MEAN",
    summary="The mean over the given dimensions.",
    attributes=ATTRIBUTES,
    types=(*TYPES, TypeRow((DType.UINT8, DType.INT32), (DType.UINT8,))),
    constraints=(rank, constant_axes, quantised, sums_fit),
    shapes=shapes,
    evaluate=evaluate,
)
