# SPDX-License-Identifier: Apache-2.0
"""FLOOR: The largest integer not above the data."""

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
    return (as_output(np.floor(call.input(0)), call.signature),)


OPERATOR = Operator(
    name="FLOOR",
    summary="The largest integer not above the data.",
    types=same(DType.FLOAT32),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
