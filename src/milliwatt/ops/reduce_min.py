# SPDX-License-Identifier: Apache-2.0
"""REDUCE_MIN: the smallest element over some dimensions."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.reduction import ATTRIBUTES, TYPES, constant_axes, quantised_alike, rank, rows, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The stored numbers are compared."""
    return (as_output(rows(call.signature, call.input(0)).min(axis=-1), call.signature),)


OPERATOR = Operator(
    name="REDUCE_MIN",
    summary="The smallest element over the given dimensions.",
    attributes=ATTRIBUTES,
    types=TYPES,
    constraints=(rank, constant_axes, quantised_alike),
    shapes=shapes,
    evaluate=evaluate,
)
