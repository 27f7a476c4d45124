# SPDX-License-Identifier: Apache-2.0
"""CEIL: The smallest integer not below the data."""

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
    return (as_output(np.ceil(call.input(0)), call.signature),)


OPERATOR = Operator(
    name="CEIL",
    summary="The smallest integer not below the data.",
    types=same(DType.FLOAT32),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
