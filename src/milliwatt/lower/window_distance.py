# SPDX-License-Identifier: Apache-2.0
"""How far below its input a sliding-window kernel may write its output."""

from __future__ import annotations

import numpy as np

from milliwatt.ops.window import Axis


def window_distance(
    rows: Axis, columns: Axis, *, batches: int, in_bytes: int, out_bytes: int, pixels: int = 0
) -> int:
    """The least ``address(input) - address(output)`` at which no input is overwritten before its last use.

    The kernel computes output pixels in row-major order. It reads the whole windows of ``pixels`` of them
    before it writes these; with 0 it may read the window of a pixel after it has begun to write the pixel.

    Args:
        rows, columns: the sliding windows.
        batches: number of images.
        in_bytes, out_bytes: bytes of one input pixel and of one output pixel, all channels.
        pixels: how many output pixels are read before they are written.
    """
    top = np.clip(np.arange(rows.output) * rows.stride - rows.before, 0, rows.input - 1)
    left = np.clip(np.arange(columns.output) * columns.stride - columns.before, 0, columns.input - 1)
    image = np.arange(batches)[:, None, None] * (rows.input * columns.input)
    first = (image + top[None, :, None] * columns.input + left[None, None, :]).reshape(-1).astype(np.int64)
    count = len(first)
    # The lowest input that any pixel from this one on still reads; behind the last, none is read.
    unread = np.append(np.minimum.accumulate(first[::-1])[::-1], batches * rows.input * columns.input)
    if pixels == 0:
        return int(np.max(np.arange(1, count + 1) * out_bytes - unread[:count] * in_bytes))
    written = np.minimum(np.arange(pixels, count + pixels, pixels), count)
    needed = unread[written] * in_bytes
    # Behind the last step nothing is unread, and the write may end anywhere.
    return int(np.max((written * out_bytes - needed)[written < count], initial=_anywhere(written, out_bytes)))


def _anywhere(written: np.ndarray[tuple[int], np.dtype[np.int64]], out_bytes: int) -> int:
    """A distance that no other step exceeds downwards: the output ends where the input begins."""
    return -int(written[-1]) * out_bytes


def row_distance(rows: Axis, columns: Axis, *, batches: int, in_bytes: int, out_bytes: int) -> int:
    """The same for a kernel that computes whole output rows, writing them in any order within a row."""
    whole = Axis(input=1, output=1, window=1, stride=1, dilation=1, before=0)
    return window_distance(
        rows,
        whole,
        batches=batches,
        in_bytes=columns.input * in_bytes,
        out_bytes=columns.output * out_bytes,
    )
