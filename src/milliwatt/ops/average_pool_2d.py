# SPDX-License-Identifier: Apache-2.0
"""AVERAGE_POOL_2D: the mean of each window; positions outside do not count."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.activation_range import clamp
from milliwatt.ops.operator import Call, Operator
from milliwatt.ops.pool import ATTRIBUTES, CONSTRAINTS, TYPES, counts, reduce_windows, shapes

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Integers: (sum ± count/2) / count, truncated, the sign that of the sum. Floats: float32 sums.

    int8 and int16 are averaged as they are stored: data and output share their zero point.
    """
    signature, data = call.signature, call.input(0)
    count = counts(signature)
    if data.dtype == np.float32:
        total = reduce_windows(signature, data, np.sum)
        mean = total / count.astype(np.float32)
    else:
        total = reduce_windows(signature, data.astype(np.int64), np.sum)
        # Ties go away from zero; C's division truncates.
        mean = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return (clamp(mean, signature.attrs["fused_activation_function"], signature.outputs[0]),)


OPERATOR = Operator(
    name="AVERAGE_POOL_2D",
    summary="Mean of every window of NHWC data.",
    attributes=ATTRIBUTES,
    types=TYPES,
    constraints=CONSTRAINTS,
    shapes=shapes,
    evaluate=evaluate,
)
