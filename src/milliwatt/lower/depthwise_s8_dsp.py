# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D 3x3 on int8 with DSP instructions: one channel of one row at a time, no scratch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import Filters, output_params
from milliwatt.lower.window_distance import row_distance
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.depthwise_conv_2d import axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -1

_FIRST = (0, 1, 3, 4)
_SECOND = (2, 6, 5, 7)
"""The taps, row by row, whose weights make the bytes of the first two words of a channel."""


def matches(site: Site) -> bool:
    """A core with DSP instructions, int8, one 3x3 filter a channel, at most one column or row outside at each side."""
    signature = site.signature
    weights = signature.constant(1)
    if not site.core.dsp or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    constant_bias = not signature.has_input(2) or signature.constant(2) is not None
    rows, columns = axes(signature)
    shape = weights.shape[1:3] == (3, 3) and weights.shape[3] == signature.input(0).shape[3]
    window = columns.stride in (1, 2) and _inside(rows) and _inside(columns)
    return constant_bias and shape and window and filters_of(site).short


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    filters = filters_of(site)
    rows, columns = axes(site.signature)
    batches, in_h, in_w, channels = site.signature.input(0).shape
    params = {
        "zero_point": -filters.constants.input_offset,
        "stride_h": rows.stride,
        "stride_w": columns.stride,
        "pad_left": columns.before,
        "pad_right": int(columns.after > 0),
        **output_params(filters.constants),
    }
    shape = [batches, in_h, in_w, channels, rows.output, columns.output, rows.before]
    arguments = (
        site.read(0),
        site.write(),
        Table("shape", np.array(shape, np.int32)),
        Table("channels", records(filters)),
    )
    distance = row_distance(rows, columns, batches=batches, in_bytes=channels, out_bytes=channels)
    overlaps = site.in_place(0, distance=distance)
    yield (site.call("mw_depthwise_3x3_s8_dsp", params, arguments, overlaps=overlaps),)


def filters_of(site: Site) -> Filters:
    """Channels as rows of nine taps."""
    weights = site.signature.constant(1)
    if weights is None:
        raise ValueError("the filter is not constant")
    channels = weights.shape[3]
    bias = site.signature.constant(2)
    return Filters(
        weights=weights.reshape(-1, channels).T,
        bias=np.zeros(channels, np.int64) if bias is None else bias.reshape(-1).astype(np.int64),
        constants=rescale(site.signature, channels, site.rounding),
    )


def records(filters: Filters) -> Array:
    """Five words per channel: see the kernel."""
    wide = filters.weights.astype(np.int64)
    zero_point = -filters.constants.input_offset
    words = [
        _bytes(filters.weights[:, _FIRST]),
        _bytes(filters.weights[:, _SECOND]),
        (wide[:, 8] & 0xFFFF) | (filters.halving << 16),
        filters.bias - zero_point * wide.sum(axis=1),
        filters.constants.mantissa,
    ]
    return np.stack([word.astype(np.int64).astype(np.int32) for word in words], axis=1)


def _bytes(weights: Array) -> Array:
    return np.ascontiguousarray(weights.astype(np.int8)).view(np.int32).reshape(-1)


def _inside(axis: Axis) -> bool:
    """Whether every window's middle lies inside, and the first and last windows alone may reach outside by one."""
    middle = np.arange(axis.output) * axis.stride - axis.before + 1
    first = middle[1:] - 1
    last = middle[:-1] + 1
    whole = axis.dilation == 1 and axis.before in (0, 1)
    return bool(
        whole
        and middle.min() >= 0
        and middle.max() < axis.input
        and (first >= 0).all()
        and (last < axis.input).all()
    )
