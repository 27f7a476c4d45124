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

_BALANCED, _SPEED, _RAM = 2560, 1 << 16, 512
"""The largest plane, in bytes, by what the user wants."""

_LEAST_BAND = 4
"""Rows of the shortest band worth its beginning and end."""


def matches(site: Site) -> bool:
    """Stride 1, at most one row or column outside at each side, two outputs side by side, and a plane that has room."""
    rows, columns = axes(site.signature)
    shape = three_taps(rows, stride=1) and three_taps(columns, stride=1)
    if not shape or max(rows.output, columns.output) < 2 or not suits(site, saved=2):
        return False
    return geometry(site) is not None


def _room(site: Site) -> int:
    """The largest plane; with "ram" at most what the kernel in C needs between input and output."""
    if site.optimize == "ram":
        rows, columns = axes(site.signature)
        batches, _, _, channels = site.signature.input(0).shape
        apart = row_distance(
            rows, columns, batches=batches, in_bytes=channels, out_bytes=channels, together=2
        )
        return min(_RAM, apart)
    return _SPEED if site.optimize == "speed" else _BALANCED


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    short, taps, bias = scaled(site)
    found = geometry(site)
    if found is None:
        raise ValueError("no plane has room")
    sizes, turned = found
    params = {**sizes, "zero_point": site.signature.quant(0)[1], **short.params}
    taps = taps.reshape(-1, 3, 3)
    taps = taps.transpose(0, 2, 1) if turned else taps
    arguments = (
        site.read(0),
        site.write(),
        Scratch(sizes["pitch"] * sizes["plane_rows"], "int8_t"),
        Table("channels", records_3x3(short, taps, bias, pair=(0, 2))),
    )
    overlaps = tuple(Overlap(one.read, one.write, 0, exact=True) for one in site.in_place(0))
    yield (site.call("mw_depthwise_3x3_s8_m4", params, arguments, overlaps=overlaps),)


def geometry(site: Site) -> tuple[dict[str, int], bool] | None:
    """The kernel's sizes, and whether the plane is turned because that takes fewer cycles; None without room."""
    rows, columns = axes(site.signature)
    batches, _, _, channels = site.signature.input(0).shape
    upright = _plane(rows, columns, row=channels * columns.input, column=channels)
    upright |= {"out_row": channels * columns.output, "out_column": channels}
    turned = _plane(columns, rows, row=channels, column=channels * columns.input)
    turned |= {"out_row": channels, "out_column": channels * columns.output}
    room = _room(site)
    planes = [one for one in (upright, turned) if one["pitch"] * one["plane_rows"] <= room]
    if not planes and (banded := _bands(upright, room)) is not None:
        planes = [banded]
    # Two columns are computed at a time.
    planes = [one for one in planes if one["out_columns"] >= 2]
    if not planes:
        return None
    best = min(planes, key=_cycles)
    return {"batches": batches, "channels": channels, **best}, best is turned


def _bands(sizes: dict[str, int], room: int) -> dict[str, int] | None:
    """The same by the largest bands that have room, all of one size; None without."""
    # Rows are moved and filled by words.
    pitch = -(-sizes["pitch"] // 4) * 4
    outputs = sizes["out_rows"]
    fitting = [
        rows
        for rows in range(_LEAST_BAND, outputs // 2 + 1)
        if outputs % rows == 0 and (rows + 2) * pitch <= room
    ]
    if not fitting:
        return None
    rows = fitting[-1]
    bands = {"bands": outputs // rows, "band_rows": rows, "plane_rows": rows + 2, "plane_top": 0}
    return {**sizes, "pitch": pitch, **bands}


def _plane(rows: Axis, columns: Axis, *, row: int, column: int) -> dict[str, int]:
    return {
        "in_rows": rows.input,
        "in_columns": columns.input,
        "out_rows": rows.output,
        "out_columns": columns.output,
        "pad_top": rows.before,
        "pad_left": columns.before,
        "bands": 1,
        "band_rows": rows.output,
        "plane_rows": rows.input,
        "plane_top": rows.before,
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
