# SPDX-License-Identifier: Apache-2.0
"""Which outputs one tap of a sliding window reaches, so that windows are summed without padded copies."""

from __future__ import annotations

from milliwatt.ops.window import Axis

Span = tuple[slice, slice]


def span(axis: Axis, tap: int) -> Span:
    """The outputs for which tap ``tap`` lies inside the input, and the inputs that it reads there.

    Both slices have as many elements; they are empty when the tap lies outside for every output. Their
    sizes are bounded by the axis, whatever the dilation says.
    """
    offset = tap * axis.dilation - axis.before
    first = max(0, -(offset // axis.stride))
    last = min(axis.output - 1, (axis.input - 1 - offset) // axis.stride)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = first * axis.stride + offset
    return slice(first, last + 1), slice(start, start + (last - first) * axis.stride + 1, axis.stride)


def reach(axis: Axis, output: int) -> tuple[int, int]:
    """The inputs [begin, end) that the window of one output covers, for windows without dilation."""
    begin = output * axis.stride - axis.before
    return max(0, begin), min(axis.input, begin + axis.window)
