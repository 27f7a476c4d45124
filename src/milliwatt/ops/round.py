# SPDX-License-Identifier: Apache-2.0
"""ROUND: The nearest integer, ties to even."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.unary import same, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Exact."""
    return (as_output(np.rint(call.input(0)), call.signature),)


OPERATOR = Operator(
    name="ROUND",
    summary="The nearest integer, ties to even.",
    types=same(DType.FLOAT32),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
