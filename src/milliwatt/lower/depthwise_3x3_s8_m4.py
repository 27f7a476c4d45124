# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D 3x3 with stride 1 on int8, on a core with hand-allocated code: out of a byte plane per channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.depthwise_s8_dsp import filters_of
from milliwatt.lower.program import KernelCall, Overlap, Scratch, Table
from milliwatt.lower.short_rescale import ShortRescale, short_rescale
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import Filters
from milliwatt.lower.window_distance import row_distance
from milliwatt.ops.depthwise_conv_2d import axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -2

_MOST_CHANNELS = 1024
"""LDRB reaches three pixels at least."""

_LEAST_MACS = 1 << 15
"""Below, code of its own for a shape is not worth its bytes when the user wants a balance."""

_BALANCED, _SPEED = 2560, 1 << 16
"""The largest plane, in bytes, by what the user wants."""


def matches(site: Site) -> bool:
    """Armv7E-M with FPU; int8; one constant 3x3 filter a channel; at most one row or column outside at each side."""
    signature = site.signature
    weights = signature.constant(1)
    fit = site.core.dsp and site.core.fpu and site.optimize != "flash"
    if not fit or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    channels = signature.input(0).shape[3]
    if signature.has_input(2) and signature.constant(2) is None:
        return False
    rows, columns = axes(signature)
    if (
        weights.shape[3] != channels
        or channels > _MOST_CHANNELS
        or not (_reaches(rows) and _reaches(columns))
    ):
        return False
    if max(rows.output, columns.output) < 2 or rescaling(filters_of(site)) is None:
        return False
    params, _ = geometry(site)
    worth = site.optimize != "balanced" or macs_of_shape(site) >= _LEAST_MACS
    return worth and params["pitch"] * params["in_rows"] <= _room(site)


def macs_of_shape(site: Site) -> int:
    """Multiply-accumulates of all nodes of the graph that can share this node's code."""
    values, node = site.graph.values, site.node
    equal = sum(
        other.op == node.op
        and [values[str(name)].shape for name in other.inputs[:2]]
        == [values[str(name)].shape for name in node.inputs[:2]]
        for other in site.graph.nodes
    )
    return equal * site.operator.macs(site.signature)


def _room(site: Site) -> int:
    """The largest plane; with "ram" it is what the kernel in C needs between input and output."""
    if site.optimize == "ram":
        rows, columns = axes(site.signature)
        batches, _, _, channels = site.signature.input(0).shape
        return row_distance(rows, columns, batches=batches, in_bytes=channels, out_bytes=channels, together=2)
    return _SPEED if site.optimize == "speed" else _BALANCED


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    filters = filters_of(site)
    short = rescaling(filters)
    if short is None:
        raise ValueError("the accumulators have no short rescaling")
    sizes, turned = geometry(site)
    params = {**sizes, "zero_point": -filters.constants.input_offset, **short.params}
    arguments = (
        site.read(0),
        site.write(),
        Scratch(sizes["pitch"] * sizes["in_rows"], "int8_t"),
        Table("channels", records(filters, short, turned=turned)),
    )
    yield (site.call("mw_depthwise_3x3_s8_m4", params, arguments, overlaps=_in_place(site)),)


def _in_place(site: Site) -> tuple[Overlap, ...]:
    return tuple(Overlap(one.read, one.write, 0, exact=True) for one in site.in_place(0))


def rescaling(filters: Filters) -> ShortRescale | None:
    """How the accumulators become outputs, when it is short."""
    low, high = filters.extremes
    largest = np.abs(filters.weights.astype(np.int64)).max(axis=1)
    return short_rescale(filters.constants, low=low, high=high, largest=largest)


def records(filters: Filters, short: ShortRescale, *, turned: bool) -> Array:
    """Seven words per channel, as int32 [channels, 7]: see the kernel. ``turned``: rows and columns are exchanged."""
    taps = filters.weights.astype(np.int64).reshape(-1, 3, 3)
    taps = (taps.transpose(0, 2, 1) if turned else taps) << short.scaling[:, None, None]
    zero_point = -filters.constants.input_offset
    bias = (filters.bias << short.scaling) - zero_point * taps.sum(axis=(1, 2))
    words = [
        _pair(taps[:, 0, 0], taps[:, 0, 2]),
        _pair(taps[:, 1, 0], taps[:, 1, 2]),
        _pair(taps[:, 2, 0], taps[:, 2, 2]),
        _pair(taps[:, 0, 1], taps[:, 1, 1]),
        _pair(short.own, taps[:, 2, 1]),
        bias,
        short.mantissa,
    ]
    return np.stack([word.astype(np.int64).astype(np.int32) for word in words], axis=1)


def _pair(low: Array, high: Array) -> Array:
    return (low & 0xFFFF) | (high << 16)


def geometry(site: Site) -> tuple[dict[str, int], bool]:
    """The kernel's sizes, and whether the plane is turned because that takes fewer cycles."""
    rows, columns = axes(site.signature)
    batches, _, _, channels = site.signature.input(0).shape
    upright = _plane(rows, columns, row=channels * columns.input, column=channels)
    upright |= {"out_row": channels * columns.output, "out_column": channels}
    turned = _plane(columns, rows, row=channels, column=channels * columns.input)
    turned |= {"out_row": channels, "out_column": channels * columns.output}
    # Two columns are computed at a time.
    best = min((one for one in (upright, turned) if one["out_columns"] >= 2), key=_cycles)
    return {"batches": batches, "channels": channels, **best}, best is turned


def _plane(rows: Axis, columns: Axis, *, row: int, column: int) -> dict[str, int]:
    return {
        "in_rows": rows.input,
        "in_columns": columns.input,
        "out_rows": rows.output,
        "out_columns": columns.output,
        "pad_top": rows.before,
        "pad_left": columns.before,
        "in_row": row,
        "in_column": column,
        # Even, so that at least every second strip is read by aligned words.
        "pitch": -(-(columns.output + 2) // 2) * 2,
    }


def _cycles(sizes: dict[str, int]) -> float:
    """About what the strips take."""
    steps = (sizes["out_rows"] - 1) // 2
    strip = 25.5 * sizes["out_rows"] + 26 + (2.5 * steps + 10 if steps > 2 else 0)
    return -(-sizes["out_columns"] // 2) * strip


def _reaches(axis: Axis) -> bool:
    """Three taps, stride 1, and at most one element outside at either end."""
    plain = axis.window == 3 and axis.stride == 1 and axis.dilation == 1
    return plain and axis.before in (0, 1) and axis.after in (0, 1) and axis.output >= 1
