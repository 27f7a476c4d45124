# SPDX-License-Identifier: Apache-2.0
"""PADV2: a border of a given value around a tensor."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType
from milliwatt.ops.operator import Array, Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.pad import DTYPES, moves, pair_per_axis, pairs, same_quantisation, shapes
from milliwatt.ops.strided_view import INDEX, constant_input


def one_value(signature: Signature) -> bool:
    """The value is a single element."""
    return signature.input(2).size == 1


def value_quantisation(signature: Signature) -> bool:
    """A quantised value has the scale and the zero point of the output."""
    quantised = signature.outputs[0].dtype in (DType.INT8, DType.UINT8, DType.INT16)
    return not quantised or signature.input(2).quant == signature.outputs[0].quant


def border(signature: Signature) -> int | float:
    """The border's value.

    Raises:
        ValueError: it is not constant.
    """
    value = signature.constant(2)
    if value is None:
        raise ValueError("the border's value is not constant")
    number: int | float = value.reshape(-1)[0].item()
    return number


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's pad with the value."""
    padded = np.pad(call.input(0), pairs(call.signature), constant_values=border(call.signature))
    return (as_output(padded, call.signature),)


OPERATOR = Operator(
    name="PADV2",
    summary="A border of a given value around a tensor.",
    types=tuple(TypeRow((dtype, INDEX, dtype), (dtype,)) for dtype in DTYPES),
    constraints=(
        constant_input(1, "padding"),
        constant_input(2, "border value"),
        pair_per_axis,
        one_value,
        same_quantisation,
        value_quantisation,
    ),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
    fill=border,
)
