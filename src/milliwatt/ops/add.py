# SPDX-License-Identifier: Apache-2.0
"""ADD: x + y, broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import activation, broadcast_shape, broadcastable, is_quantised, quantised
from milliwatt.ops.operator import ACTIVATION, Attribute, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.plain_arithmetic import limited
from milliwatt.ops.rescaled_pair import one_right_shift, output_not_too_fine, power_of_two_shifts, sum_of_pair

Array = npt.NDArray[Any]


def equal_shapes(signature: Signature) -> bool:
    """int16 inputs whose scales are powers of two have equal shapes, as LiteRT does not broadcast them."""
    if not is_quantised(signature) or power_of_two_shifts(signature) is None:
        return True
    return signature.input(0).shape == signature.input(1).shape


def evaluate(call: Call) -> tuple[Array, ...]:
    """Floats and plain integers wrap or round as the machine does; quantised inputs are rescaled."""
    first, second = call.input(0), call.input(1)
    if not is_quantised(call.signature):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return limited(call, first + second)
    return (as_output(sum_of_pair(call.signature, first, second, call.rounding), call.signature),)


OPERATOR = Operator(
    name="ADD",
    summary="The sum of two broadcast inputs.",
    attributes={"fused_activation_function": ACTIVATION, "pot_scale_int16": Attribute("bool", True)},
    types=tuple(
        TypeRow((kind, kind), (kind,))
        for kind in (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    ),
    constraints=(broadcastable, activation, quantised, one_right_shift, equal_shapes, output_not_too_fine),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
