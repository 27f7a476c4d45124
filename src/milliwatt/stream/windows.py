# SPDX-License-Identifier: Apache-2.0
"""Operators that slide a window along time, or crop time: they read some columns of earlier runs too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from milliwatt.ir import Node
from milliwatt.ir.graph import Array
from milliwatt.ops import Signature, conv_2d, depthwise_conv_2d, pool
from milliwatt.ops.slice import sizes_of
from milliwatt.ops.strided_slice import index_of
from milliwatt.ops.strided_view import integers
from milliwatt.ops.window import Axis
from milliwatt.stream.pointwise import padded_in_time
from milliwatt.stream.track import Step, Track, pointwise, windowed

_SLIDING = {
    "CONV_2D": conv_2d.axes,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d.axes,
    "AVERAGE_POOL_2D": pool.axes,
    "MAX_POOL_2D": pool.axes,
}


def sliding(kind: Signature, node: Node, track: Track) -> Step | None:
    """Convolutions and pools over NHWC data, where time is the batch, the height or the width.

    Raises:
        UnsupportedError: the layer pads in time, or its stride does not divide the new columns.
    """
    if track.axis == 0:
        return pointwise(node, track, 0)
    if track.axis == 3:
        return None
    window: Axis = _SLIDING[kind.op](kind)[track.axis - 1]
    if window.before or window.after:
        raise padded_in_time(kind, track)
    return windowed(kind, node, track, begin=0, step=window.stride, count=window.output)


def box(kind: Signature, node: Node, track: Track) -> Step | None:
    """SLICE: a crop in time is a delay."""
    begins, sizes = list(integers(kind, 1)), list(sizes_of(kind))
    step = windowed(kind, node, track, begin=begins[track.axis], step=1, count=sizes[track.axis])
    if step is None or step.output is None:
        return None
    begins[track.axis], sizes[track.axis] = 0, step.output.new
    return replace(step, operands={1: _like(kind, 1, begins), 2: _like(kind, 2, sizes)})


def strided(kind: Signature, node: Node, track: Track) -> Step | None:
    """STRIDED_SLICE with a place for every axis and a positive stride in time."""
    attrs = kind.attrs
    if attrs["ellipsis_mask"] or attrs["new_axis_mask"]:
        return None
    places = index_of(kind)
    gone = sum(isinstance(place, int) for place in places[: track.axis])
    if track.axis >= len(places):
        return pointwise(node, track, track.axis - gone)
    place = places[track.axis]
    if not isinstance(place, slice):
        return None
    chosen = range(track.full)[place]
    if chosen.step < 0:
        return None
    step = windowed(kind, node, track, begin=chosen.start, step=chosen.step, count=len(chosen))
    if step is None or step.output is None:
        return None
    begins, ends = list(integers(kind, 1)), list(integers(kind, 2))
    begins[track.axis], ends[track.axis] = 0, (step.output.new - 1) * chosen.step + 1
    bit = 1 << track.axis
    closed = node.with_attrs(begin_mask=attrs["begin_mask"] & ~bit, end_mask=attrs["end_mask"] & ~bit)
    operands = {1: _like(kind, 1, begins), 2: _like(kind, 2, ends)}
    return replace(step, node=closed, output=step.output.on(track.axis - gone), operands=operands)


def _like(kind: Signature, index: int, numbers: list[int]) -> Array:
    return np.array(numbers, kind.input(index).dtype.numpy).reshape(kind.input(index).shape)
