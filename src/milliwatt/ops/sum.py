# SPDX-License-Identifier: Apache-2.0
"""SUM: the sum over some dimensions."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ops.broadcast import is_quantised, quantised
from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.reduction import (
    ATTRIBUTES,
    TYPES,
    constant_axes,
    rank,
    rescaled_sum,
    rows,
    sequential_sum,
    shapes,
    sums_fit,
)

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Quantised: exact sum, one rescaling. Plain integers wrap; floats are summed in order."""
    signature = call.signature
    if is_quantised(signature):
        return (as_output(rescaled_sum(call), signature),)
    return (as_output(sequential_sum(rows(signature, call.input(0))), signature),)


OPERATOR = Operator(
    name="SUM",
    summary="The sum over the given dimensions.",
    attributes=ATTRIBUTES,
    types=TYPES,
    constraints=(rank, constant_axes, quantised, sums_fit),
    shapes=shapes,
    evaluate=evaluate,
)
