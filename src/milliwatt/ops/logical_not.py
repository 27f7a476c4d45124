# SPDX-License-Identifier: Apache-2.0
"""LOGICAL_NOT: the opposite truth value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.unary import same, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Not."""
    return (as_output(np.logical_not(call.input(0)), call.signature),)


OPERATOR = Operator(
    name="LOGICAL_NOT",
    summary="The opposite truth value.",
    types=same(DType.BOOL),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
