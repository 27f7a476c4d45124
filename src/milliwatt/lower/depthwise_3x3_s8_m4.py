# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D 3x3 with stride 1 on int8, on a core with hand-allocated code: out of a byte plane per channel."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.depthwise_records import records_3x3, scaled, suits, three_taps
from milliwatt.lower.program import KernelCall, Overlap, Scratch, Table
from milliwatt.lower.site import Site
from milliwatt.lower.window_distance import row_distance
from milliwatt.ops.depthwise_conv_2d import axes
from milliwatt.ops.window import Axis

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -2

_BALANCED, _SPEED = 2560, 1 << 16
"""The largest plane, in bytes, by what the user wants."""


def matches(site: Site) -> bool:
    """Stride 1, at most one row or column outside at each side, two outputs side by side, and a plane that has room."""
    rows, columns = axes(site.signature)
    shape = three_taps(rows, stride=1) and three_taps(columns, stride=1)
    if not shape or max(rows.output, columns.output) < 2 or not suits(site, saved=2):
        return False
    params, _ = geometry(site)
    return params["pitch"] * params["in_rows"] <= _room(site)


def _room(site: Site) -> int:
    """The largest plane; with "ram" it is what the kernel in C needs between input and output."""
    if site.optimize == "ram":
        rows, columns = axes(site.signature)
        batches, _, _, channels = site.signature.input(0).shape
        return row_distance(rows, columns, batches=batches, in_bytes=channels, out_bytes=channels, together=2)
    return _SPEED if site.optimize == "speed" else _BALANCED


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    short, taps, bias = scaled(site)
    sizes, turned = geometry(site)
    params = {**sizes, "zero_point": site.signature.quant(0)[1], **short.params}
    taps = taps.reshape(-1, 3, 3)
    taps = taps.transpose(0, 2, 1) if turned else taps
    arguments = (
        site.read(0),
        site.write(),
        Scratch(sizes["pitch"] * sizes["in_rows"], "int8_t"),
        Table("channels", records_3x3(short, taps, bias, pair=(0, 2))),
    )
    overlaps = tuple(Overlap(one.read, one.write, 0, exact=True) for one in site.in_place(0))
    yield (site.call("mw_depthwise_3x3_s8_m4", params, arguments, overlaps=overlaps),)


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
