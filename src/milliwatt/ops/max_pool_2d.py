# SPDX-License-Identifier: Apache-2.0
"""MAX_POOL_2D: the largest element of each window."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.activation_range import clamp
from milliwatt.ops.operator import Call, Operator
from milliwatt.ops.pool import ATTRIBUTES, CONSTRAINTS, TYPES, reduce_windows, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """The largest element inside each window, limited by the fused activation."""
    signature = call.signature
    largest = reduce_windows(signature, call.input(0), np.max)
    return (clamp(largest, signature.attrs["fused_activation_function"], signature.outputs[0]),)


OPERATOR = Operator(
    name="MAX_POOL_2D",
    summary="Largest element of every window of NHWC data.",
    attributes=ATTRIBUTES,
    types=TYPES,
    constraints=CONSTRAINTS,
    shapes=shapes,
    evaluate=evaluate,
)
