# SPDX-License-Identifier: Apache-2.0
"""RESIZE_BILINEAR: each output pixel is a weighted sum of four input pixels.

Source: TFLite `kernels/internal/reference/resize_bilinear.h`; integers in steps of 1/1024 of a pixel.
"""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType
from milliwatt.ops.operator import Array, Call, Operator, Signature, as_output
from milliwatt.ops.resize import (
    ATTRIBUTES,
    FRACTION,
    Between,
    axes,
    float_positions,
    integer_positions,
    one_convention,
    rank_4,
    shapes,
    two_sizes,
)
from milliwatt.ops.strided_view import constant_input, rows

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)

FLOATING = (DType.UINT8, DType.FLOAT32)
"""Types whose positions and sums are float32 in TFLite."""


def positions(signature: Signature) -> tuple[Between, Between]:
    """Where output rows and output columns lie."""
    find = float_positions if signature.input(0).dtype in FLOATING else integer_positions
    (in_h, out_h), (in_w, out_w) = axes(signature)
    return find(in_h, out_h, signature), find(in_w, out_w, signature)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Four products in TFLite's order; integers are rounded once, halves away from zero (uint8 from floats)."""
    data = call.input(0)
    y, x = positions(call.signature)
    floating = call.signature.input(0).dtype in FLOATING
    one = np.float32(1) if floating else FRACTION
    pixels: Array = data.astype(np.float32 if floating else np.int64)
    down, right = y.fraction[:, None, None], x.fraction[None, :, None]
    upper_rows, lower_rows = pixels[:, y.lower], pixels[:, y.upper]
    total = (
        upper_rows[:, :, x.lower] * (one - down) * (one - right)
        + lower_rows[:, :, x.lower] * down * (one - right)
        + upper_rows[:, :, x.upper] * (one - down) * right
        + lower_rows[:, :, x.upper] * down * right
    )
    if floating:
        half = np.float32(0 if data.dtype == np.float32 else 0.5)
        return (as_output(total + half, call.signature),)
    magnitude = (np.abs(total) + FRACTION * FRACTION // 2) // (FRACTION * FRACTION)
    return (as_output(np.sign(total) * magnitude, call.signature),)


def macs(signature: Signature) -> int:
    """Four for each output element."""
    return 4 * signature.outputs[0].size


OPERATOR = Operator(
    name="RESIZE_BILINEAR",
    summary="Images of another size; each pixel is a weighted sum of four.",
    attributes=ATTRIBUTES,
    types=rows(DType.INT32, dtypes=DTYPES),
    constraints=(constant_input(1, "size"), rank_4, two_sizes, one_convention),
    shapes=shapes,
    evaluate=evaluate,
    macs=macs,
)
