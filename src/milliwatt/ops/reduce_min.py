# SPDX-License-Identifier: Apache-2.0
"""REDUCE_MIN: the smallest element over some dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.reduction import ATTRIBUTES, TYPES, constant_axes, quantised_alike, rank, rows, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The stored numbers are compared. As in TFLite, NaN counts for nothing and infinity for the largest float."""
    values = rows(call.signature, call.input(0))
    if values.dtype != np.float32:
        return (as_output(values.min(axis=-1), call.signature),)
    start = np.float32(np.finfo(np.float32).max)
    return (as_output(np.fmin.reduce(values, axis=-1, initial=start), call.signature),)


OPERATOR = Operator(
    name="REDUCE_MIN",
    summary="The smallest element over the given dimensions.",
    attributes=ATTRIBUTES,
    types=TYPES,
    constraints=(rank, constant_axes, quantised_alike),
    shapes=shapes,
    evaluate=evaluate,
)
