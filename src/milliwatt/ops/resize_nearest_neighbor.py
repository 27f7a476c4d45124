# SPDX-License-Identifier: Apache-2.0
"""RESIZE_NEAREST_NEIGHBOR: each output pixel is a copy of one input pixel.

Source: TFLite `kernels/internal/reference/resize_nearest_neighbor.h`.
"""

from __future__ import annotations

from milliwatt.ir import DType
from milliwatt.ops.operator import Array, Call, Operator, Signature, as_output
from milliwatt.ops.resize import ATTRIBUTES, axes, nearest, rank_4, shapes, two_sizes
from milliwatt.ops.strided_view import constant_input, rows

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)


def sources(signature: Signature) -> tuple[Array, Array]:
    """The input row of each output row, and the input column of each output column."""
    (in_h, out_h), (in_w, out_w) = axes(signature)
    return nearest(in_h, out_h, signature), nearest(in_w, out_w, signature)


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's indexing by rows, then by columns."""
    rows_from, columns_from = sources(call.signature)
    return (as_output(call.input(0)[:, rows_from][:, :, columns_from], call.signature),)


OPERATOR = Operator(
    name="RESIZE_NEAREST_NEIGHBOR",
    summary="Images of another size; each pixel is a copy of one.",
    attributes=ATTRIBUTES,
    types=rows(DType.INT32, dtypes=DTYPES),
    constraints=(constant_input(1, "size"), rank_4, two_sizes),
    shapes=shapes,
    evaluate=evaluate,
)
