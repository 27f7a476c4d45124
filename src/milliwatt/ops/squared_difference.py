# SPDX-License-Identifier: Apache-2.0
"""SQUARED_DIFFERENCE: (x - y)², broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable, is_quantised, quantised
from milliwatt.ops.operator import Call, Operator, TypeRow, as_output
from milliwatt.ops.rescaled_pair import finish, output_not_too_fine, rescaled_pair, scaled

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Quantised inputs are brought to 14 bits on one scale; the square stays below 2**30."""
    first, second = call.input(0), call.input(1)
    if not is_quantised(call.signature):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            difference = first - second
            return (as_output(difference * difference, call.signature),)
    pair = rescaled_pair(call.signature)
    wide = scaled(first, pair.first, pair.left_shift, call.rounding)
    wide = wide - scaled(second, pair.second, pair.left_shift, call.rounding)
    return (as_output(finish(pair, wide * wide, call.rounding), call.signature),)


OPERATOR = Operator(
    name="SQUARED_DIFFERENCE",
    summary="The square of the difference of two broadcast inputs.",
    types=tuple(TypeRow((kind, kind), (kind,)) for kind in (DType.INT8, DType.INT32, DType.FLOAT32)),
    constraints=(broadcastable, quantised, output_not_too_fine),
    shapes=broadcast_shape,
    evaluate=evaluate,
)
