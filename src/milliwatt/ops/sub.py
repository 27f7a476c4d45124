# SPDX-License-Identifier: Apache-2.0
"""SUB: x - y, broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import activation, broadcast_shape, broadcastable, is_quantised, quantised
from milliwatt.ops.operator import ACTIVATION, Attribute, Call, Operator, TypeRow, as_output
from milliwatt.ops.plain_arithmetic import limited
from milliwatt.ops.rescaled_pair import one_right_shift, output_not_too_fine, sum_of_pair

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Floats and plain integers wrap or round as the machine does; quantised inputs are rescaled."""
    first, second = call.input(0), call.input(1)
    if not is_quantised(call.signature):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return limited(call, first - second)
    return (as_output(sum_of_pair(call.signature, first, second, call.rounding), call.signature),)


OPERATOR = Operator(
    name="SUB",
    summary="The difference of two broadcast inputs.",
    attributes={"fused_activation_function": ACTIVATION, "pot_scale_int16": Attribute("bool", True)},
    types=tuple(
        TypeRow((kind, kind), (kind,))
        for kind in (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    ),
    constraints=(broadcastable, activation, quantised, one_right_shift, output_not_too_fine),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
