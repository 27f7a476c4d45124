# SPDX-License-Identifier: Apache-2.0
"""SQUARE: the data times itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.unary import same, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """One product, rounded once."""
    with np.errstate(over="ignore", under="ignore"):
        return (as_output(np.square(call.input(0)), call.signature),)


OPERATOR = Operator(
    name="SQUARE",
    summary="The data times itself.",
    types=same(DType.FLOAT32),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
