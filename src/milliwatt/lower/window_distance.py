# SPDX-License-Identifier: Apache-2.0
"""How far below its input a sliding-window kernel may write its output."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]


def window_distance(
    rows: Axis, columns: Axis, *, batches: int, in_bytes: int, out_bytes: int, pixels: int = 0, ahead: int = 0
) -> int:
    """The least ``address(input) - address(output)`` at which no input is overwritten before its last use.

    The kernel computes output pixels in row-major order. It reads the whole windows of ``pixels`` of them
    before it writes these; with 0 it may read the window of a pixel after it has begun to write the pixel.

    Args:
        rows, columns: the sliding windows.
        batches: number of images.
        in_bytes, out_bytes: bytes of one input pixel and of one output pixel, all channels.
        pixels: how many output pixels are read before they are written.
        ahead: how many pixels behind one it may have begun to write before it has read that one's window.
    """
    top, left = _first(rows), _first(columns)
    image = np.arange(batches, dtype=np.int64)[:, None, None] * (rows.input * columns.input)
    first = (image + top[None, :, None] * columns.input + left[None, None, :]).reshape(-1)
    step = max(1, pixels)
    written = np.minimum(np.arange(step, len(first) + step, step) + ahead, len(first)) * out_bytes
    return _distance(first[::step] * in_bytes, written, reads_first=pixels > 0)


def row_distance(
    rows: Axis, columns: Axis, *, batches: int, in_bytes: int, out_bytes: int, together: int
) -> int:
    """The same for a kernel that computes ``together`` whole output rows at a time, in any order within them."""
    top = _first(rows)[::together]
    image = np.arange(batches, dtype=np.int64)[:, None] * rows.input
    first = (image + top[None, :]).reshape(-1) * columns.input * in_bytes
    ends = np.minimum(np.arange(together, rows.output + together, together), rows.output)
    image = np.arange(batches, dtype=np.int64)[:, None] * rows.output
    written = (image + ends[None, :]).reshape(-1) * columns.output * out_bytes
    return _distance(first, written, reads_first=False)


def _first(axis: Axis) -> Array:
    """The first element that each window covers."""
    return np.clip(np.arange(axis.output, dtype=np.int64) * axis.stride - axis.before, 0, axis.input - 1)


def _distance(first: Array, written: Array, *, reads_first: bool) -> int:
    """The distance for a kernel that works in steps.

    Args:
        first: the lowest byte of the input that each step reads.
        written: how many bytes of the output are written at the end of each step.
        reads_first: whether each step has read all that it needs before it writes.
    """
    unread = np.minimum.accumulate(first[::-1])[::-1]
    if not reads_first:
        return int(np.max(written - unread))
    # Behind the last step nothing is unread: alone, it lets the output end anywhere above the input's begin.
    return int(np.max(written[:-1] - unread[1:], initial=-int(written[-1])))
