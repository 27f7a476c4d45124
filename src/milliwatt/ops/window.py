# SPDX-License-Identifier: Apache-2.0
"""Sliding windows: output sizes, padding and patches of convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a sliding window.

    Attributes: input and output size, window size, stride, dilation, and padding before the first element.
    """

    input: int
    output: int
    window: int
    stride: int
    dilation: int
    before: int

    @property
    def after(self) -> int:
        """Padding behind the last element that the windows read (0 when they end inside)."""
        last = (self.output - 1) * self.stride + (self.window - 1) * self.dilation
        return max(0, last - self.before - self.input + 1)


def axis(
    size: int,
    window: int,
    *,
    stride: int,
    dilation: int = 1,
    padding: str,
    explicit: tuple[int, int] | None = None,
) -> Axis:
    """Output size and padding as TFLite computes them (kernels/padding.h).

    ``explicit`` gives the padding before and after instead (from a PAD that a pass moved into the window).
    """
    reach = (window - 1) * dilation + 1
    if explicit is not None:
        before, after = explicit
        output = (size + before + after - reach) // stride + 1
        return Axis(size, output, window, stride, dilation, before)
    output = -(-size // stride) if padding == "SAME" else -(-(size - reach + 1) // stride)
    total = max(0, (output - 1) * stride + reach - size)
    before = total // 2 if padding == "SAME" else 0
    return Axis(size, output, window, stride, dilation, before)


def patches(images: Array, rows: Axis, columns: Axis, *, border: int | float) -> Array:
    """All windows of NHWC ``images`` as [batch, out_h, out_w, window_h, window_w, channels] (a view)."""
    batch, _, _, channels = images.shape
    reach_h = (rows.output - 1) * rows.stride + (rows.window - 1) * rows.dilation + 1
    reach_w = (columns.output - 1) * columns.stride + (columns.window - 1) * columns.dilation + 1
    padded = np.full(
        (
            batch,
            max(reach_h, rows.before + rows.input),
            max(reach_w, columns.before + columns.input),
            channels,
        ),
        border,
        images.dtype,
    )
    padded[:, rows.before : rows.before + rows.input, columns.before : columns.before + columns.input] = (
        images
    )
    step = padded.strides
    return np.lib.stride_tricks.as_strided(
        padded,
        (batch, rows.output, columns.output, rows.window, columns.window, channels),
        (
            step[0],
            step[1] * rows.stride,
            step[2] * columns.stride,
            step[1] * rows.dilation,
            step[2] * columns.dilation,
            step[3],
        ),
        writeable=False,
    )
