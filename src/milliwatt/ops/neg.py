# SPDX-License-Identifier: Apache-2.0
"""NEG: the data with the opposite sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Call, Operator, as_output
from milliwatt.ops.unary import same, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The stored values negated; the lowest integer wraps to itself, and no scale or zero point is looked at."""
    return (as_output(np.negative(call.input(0)), call.signature),)


OPERATOR = Operator(
    name="NEG",
    summary="The stored values with the opposite sign.",
    types=same(DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
