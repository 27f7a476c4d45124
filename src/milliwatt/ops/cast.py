# SPDX-License-Identifier: Apache-2.0
"""CAST: the stored values in another element type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.operator import Attribute, Call, Operator, TypeRow, as_output
from milliwatt.ops.unary import shapes

Array = npt.NDArray[Any]

_ANY = tuple(DType)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Integers wrap; floats are truncated and saturate, NaN to the largest value; non-zero becomes True."""
    data, output = call.input(0), call.signature.outputs[0].dtype
    if data.dtype != np.float32 or output in (DType.FLOAT32, DType.BOOL):
        return (as_output(data, call.signature),)
    low, high = output.limits
    result = np.full(data.shape, high, output.numpy)
    # 2.0**63 and its like are floats that lie just beyond the largest integer.
    inside = (data >= np.float32(low)) & (data < np.float32(2.0 ** (high.bit_length())))
    result[inside] = np.trunc(data[inside]).astype(output.numpy)
    result[data < np.float32(low)] = low
    return (as_output(result, call.signature),)


OPERATOR = Operator(
    name="CAST",
    summary="The stored values in another element type; quantisation is not looked at.",
    attributes={
        "in_data_type": Attribute("enum", "FLOAT32", enum="TensorType"),
        "out_data_type": Attribute("enum", "FLOAT32", enum="TensorType"),
    },
    types=(TypeRow((_ANY,), (_ANY,)),),
    shapes=shapes,
    evaluate=evaluate,
    elementwise=True,
)
