# SPDX-License-Identifier: Apache-2.0
"""What the pools share: attributes, constraints, windows and the separable walk over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.activation_range import FUSABLE
from milliwatt.ops.operator import ACTIVATION, EXPLICIT_PADDING, PADDING, Attribute, Signature, TypeRow
from milliwatt.ops.taps import reach
from milliwatt.ops.window import Axis, axis

Array = npt.NDArray[Any]

ATTRIBUTES = {
    "padding": PADDING,
    "stride_h": Attribute("int", 1),
    "stride_w": Attribute("int", 1),
    "filter_height": Attribute("int", 1),
    "filter_width": Attribute("int", 1),
    "fused_activation_function": ACTIVATION,
    "explicit_padding": EXPLICIT_PADDING,
}

TYPES = tuple(TypeRow((dtype,), (dtype,)) for dtype in (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32))


def rank(signature: Signature) -> bool:
    """Data is [batch, height, width, channels]."""
    return len(signature.input(0).shape) == 4


def steps(signature: Signature) -> bool:
    """Strides and window are at least 1."""
    names = ("stride_h", "stride_w", "filter_height", "filter_width")
    return all(signature.attrs[name] >= 1 for name in names)


def activation(signature: Signature) -> bool:
    """The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6."""
    return signature.attrs["fused_activation_function"] in FUSABLE


def same_quantisation(signature: Signature) -> bool:
    """Quantised data and output have the same scale and zero point."""
    data, output = signature.input(0), signature.outputs[0]
    if data.dtype is DType.FLOAT32:
        return True
    if data.quant is None or output.quant is None or len(data.quant.scale) > 1 or len(output.quant.scale) > 1:
        return False
    # The bound on scales is LiteRT's own.
    close = abs(data.quant.scale[0] - output.quant.scale[0]) <= 1e-6
    return close and data.quant.zero_point == output.quant.zero_point


def windows_inside(signature: Signature) -> bool:
    """Every window covers at least one element of the data."""
    ends = ((one, index) for one in axes(signature) for index in (0, one.output - 1))
    return all(begin < end for begin, end in (reach(one, index) for one, index in ends))


CONSTRAINTS = (rank, steps, activation, same_quantisation, windows_inside)


def axes(signature: Signature) -> tuple[Axis, Axis]:
    """The vertical and the horizontal sliding window."""
    _, height, width, _ = signature.input(0).shape
    attrs = signature.attrs
    padding, explicit = attrs["padding"], attrs.get("explicit_padding", ())
    rows, columns = (explicit[:2], explicit[2:]) if explicit else (None, None)
    return (
        axis(height, attrs["filter_height"], stride=attrs["stride_h"], padding=padding, explicit=rows),
        axis(width, attrs["filter_width"], stride=attrs["stride_w"], padding=padding, explicit=columns),
    )


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, out_h, out_w, channels]."""
    rows, columns = axes(signature)
    batch, _, _, channels = signature.input(0).shape
    return ((batch, rows.output, columns.output, channels),)


def reduce_windows(signature: Signature, data: Array, reduce: Callable[..., Array]) -> Array:
    """``reduce`` (np.sum, np.max) over the part of each window that lies inside: first rows, then columns."""
    rows, columns = axes(signature)
    bands = [reduce(data[:, slice(*reach(rows, i))], axis=1) for i in range(rows.output)]
    tall = np.stack(bands, axis=1)
    cells = [reduce(tall[:, :, slice(*reach(columns, j))], axis=2) for j in range(columns.output)]
    return np.stack(cells, axis=2)


def counts(signature: Signature) -> Array:
    """Number of elements of each window that lie inside, as int64 [1, out_h, out_w, 1]."""
    rows, columns = axes(signature)
    heights, widths = (
        np.array([end - begin for begin, end in (reach(one, index) for index in range(one.output))], np.int64)
        for one in (rows, columns)
    )
    return (heights[:, None] * widths[None, :])[None, :, :, None]
