# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D on int8 with DSP instructions: 3x3 by channels, other windows four channels at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.conv_2d import distance, geometry
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import Filters, output_params
from milliwatt.lower.window_distance import row_distance
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.depthwise_conv_2d import axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -1

_FIRST = (0, 1, 6, 7)
_SECOND = (2, 3, 8, 4)
_THIRD = 5
"""The taps, row by row, whose weights stand in the first three words of a channel (mw_depthwise_s8.h)."""

_ACROSS = ("in_w", "out_w", "kernel_w", "stride_w", "dilation_w", "pad_left")
_DOWN = ("in_h", "out_h", "kernel_h", "stride_h", "dilation_h", "pad_top")
_SWAPPED = dict(zip((*_ACROSS, *_DOWN), (*_DOWN, *_ACROSS), strict=True))
"""Each size of the geometry, and that which takes its place when rows and columns are exchanged."""


def matches(site: Site) -> bool:
    """A core with DSP instructions, int8, one constant filter a channel."""
    signature = site.signature
    weights = signature.constant(1)
    if not site.core.dsp or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    constant_bias = not signature.has_input(2) or signature.constant(2) is not None
    one = weights.shape[3] == signature.input(0).shape[3]
    return constant_bias and one and filters_of(site).short


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the window."""
    if three_by_three(site):
        yield (_three_by_three(site),)
    if site.signature.input(0).shape[3] % 4 == 0:
        yield (_any_window(site),)


def three_by_three(site: Site) -> bool:
    """A 3x3 window with stride 1, or 2 from left to right, and at most one column or row outside at each side."""
    rows, columns = axes(site.signature)
    stride = columns.stride == 2 or rows.stride == columns.stride == 1
    return (rows.window, columns.window) == (3, 3) and stride and _inside(rows) and _inside(columns)


def _three_by_three(site: Site) -> KernelCall:
    filters = filters_of(site)
    rows, columns = axes(site.signature)
    batches, in_h, in_w, channels = site.signature.input(0).shape
    single = columns.stride == 1
    together = 2 if single else 1
    params = {
        "pad_left": columns.before,
        "pad_right": int(columns.after > 0),
        **output_params(filters.constants),
    }
    blank = in_w * channels if _rows_outside(rows, together) else 0
    zero_points = (-filters.constants.input_offset, filters.constants.output_offset)
    shape = [batches, in_h, in_w, channels, rows.output, columns.output, rows.before, *zero_points, blank]
    arguments = (
        site.read(0),
        site.write(),
        Scratch(max(blank, 4), "int8_t"),
        Table("shape", np.array(shape if single else [*shape, rows.stride], np.int32)),
        Table("channels", records(filters)),
    )
    reach = row_distance(
        rows, columns, batches=batches, in_bytes=channels, out_bytes=channels, together=together
    )
    kernel = "mw_depthwise_3x3_s8_dsp" if single else "mw_depthwise_3x3_stride_2_s8_dsp"
    return site.call(kernel, params, arguments, overlaps=site.in_place(0, distance=reach))


def _any_window(site: Site) -> KernelCall:
    filters = filters_of(site)
    rows, columns = axes(site.signature)
    sizes = geometry(site, rows, columns)
    if columns.input == columns.output == columns.window == 1:
        # A sequence in time: as a single row, its taps are those of the kernel's inner loop.
        sizes = {name: sizes[_SWAPPED.get(name, name)] for name in sizes}
    shape = [int(sizes[name]) for name in sizes if name != "out_c"]
    shape += [filters.constants.input_offset, filters.constants.output_offset]
    table = np.stack([filters.bias, filters.constants.mantissa, filters.halving], axis=1)
    arguments = (
        site.read(0),
        site.write(),
        Table("shape", np.array(shape, np.int32)),
        Table("weights", np.ascontiguousarray(filters.weights.T)),
        Table("channels", table.astype(np.int32)),
    )
    overlaps = site.in_place(0, distance=distance(site, rows, columns))
    return site.call("mw_depthwise_s8_dsp", output_params(filters.constants), arguments, overlaps=overlaps)


def _rows_outside(rows: Axis, together: int) -> bool:
    """Whether the kernel reads rows above or below the image."""
    groups = -(-rows.output // together)
    last = (groups * together - 1) * rows.stride - rows.before + 2
    return rows.before > 0 or last >= rows.input


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
        (wide[:, _THIRD] & 0xFFFF) | (filters.halving << 16),
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
