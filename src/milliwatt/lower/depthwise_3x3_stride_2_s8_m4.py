# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D 3x3 with stride 2 on int8, on a core with hand-allocated code: by bands of output rows.

A band is computed channel by channel, so that its outputs may lie over no input that it reads itself. With stride 2 the
output grows more slowly than the input is read: behind a first band of a few rows the others are ever larger.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.lower.depthwise_records import records_3x3, scaled, suits, three_taps
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.lower.window_distance import row_distance
from milliwatt.ops.depthwise_conv_2d import axes
from milliwatt.ops.window import Axis

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -2

_BALANCED = 2048
"""Bytes that the output may begin below the input, for longer bands."""


def matches(site: Site) -> bool:
    """Stride 2, at most one row or column outside at each side, two outputs side by side."""
    rows, columns = axes(site.signature)
    shape = three_taps(rows, stride=2) and three_taps(columns, stride=2) and columns.output >= 2
    return shape and suits(site, saved=4)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    rows, columns = axes(site.signature)
    batches, height, width, channels = site.signature.input(0).shape
    short, taps, bias = scaled(site)
    in_row, out_row = channels * width, channels * columns.output
    lengths = bands(rows, in_row=in_row, out_row=out_row, room=_room(site))
    params = {
        "batches": batches,
        "bands": len(lengths),
        "channels": channels,
        "in_columns": width,
        "out_columns": columns.output,
        "in_row": in_row,
        "out_row": out_row,
        "in_image": height * in_row,
        "out_image": rows.output * out_row,
        "pad_top": rows.before,
        "pad_left": columns.before,
        "pad_bottom": rows.after,
        "pad_right": columns.after,
        "zero_point": site.signature.quant(0)[1],
        **short.params,
    }
    arguments = (
        site.read(0),
        site.write(),
        Table("bands", _band_words(rows, lengths, in_row=in_row, out_row=out_row)),
        Table("channels", records_3x3(short, taps.reshape(-1, 3, 3), bias, pair=(0, 1))),
    )
    reach = distance(rows, lengths, in_row=in_row, out_row=out_row)
    overlaps = site.in_place(0, distance=reach)
    yield (site.call("mw_depthwise_3x3_stride_2_s8_m4", params, arguments, overlaps=overlaps),)


def _room(site: Site) -> int:
    """How far below the input the output may begin; with "ram" it is what the kernel in C needs."""
    rows, columns = axes(site.signature)
    batches, _, _, channels = site.signature.input(0).shape
    least = row_distance(rows, columns, batches=batches, in_bytes=channels, out_bytes=channels, together=1)
    if site.optimize == "speed":
        return rows.output * columns.output * channels
    return max(least, _BALANCED) if site.optimize == "balanced" else least


def bands(rows: Axis, *, in_row: int, out_row: int, room: int) -> tuple[int, ...]:
    """The numbers of output rows of the bands, each as long as the room permits, at least one.

    Args:
        rows: the vertical window.
        in_row, out_row: bytes of an input row and of an output row.
        room: bytes from the output's begin to the input's, where the output lies below.
    """
    lengths: list[int] = []
    done = 0
    while done < rows.output:
        unread = max(0, done * rows.stride - rows.before) * in_row
        most = (room + unread) // out_row - done
        lengths.append(min(max(1, most), rows.output - done))
        done += lengths[-1]
    return tuple(lengths)


def distance(rows: Axis, lengths: tuple[int, ...], *, in_row: int, out_row: int) -> int:
    """The least ``address(input) - address(output)`` at which no band writes over what it or a later one reads.

    Further images only have more room: an output image is smaller than an input image.
    """
    firsts = np.cumsum((0, *lengths))
    read = np.maximum(0, firsts[:-1] * rows.stride - rows.before) * in_row
    return int(np.max(firsts[1:] * out_row - read))


def _band_words(
    rows: Axis, lengths: tuple[int, ...], *, in_row: int, out_row: int
) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Five words per band, as int32 [bands, 5]: see the kernel."""
    words = []
    first = 0
    for length in lengths:
        begin = first * rows.stride - rows.before
        below = int(rows.after > 0 and first + length == rows.output)
        words.append([max(0, begin) * in_row, first * out_row, length - below, int(begin < 0), below])
        first += length
    return np.array(words, np.int32)
