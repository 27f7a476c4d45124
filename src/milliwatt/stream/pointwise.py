# SPDX-License-Identifier: Apache-2.0
"""Operators that compute each column of time on its own, as long as they leave the time axis alone."""

from __future__ import annotations

import math

from milliwatt.errors import UnsupportedError
from milliwatt.ir import Node, Shape
from milliwatt.ops import Signature, find
from milliwatt.ops.broadcast import broadcast_shape
from milliwatt.ops.reduction import axes as reduced_axes
from milliwatt.ops.strided_view import integers, positive_axis
from milliwatt.stream.track import Step, Track, pointwise


def general(kind: Signature, node: Node, track: Track) -> Step | None:
    """What an operator says of itself: element by element, with broadcasting, or a view."""
    operator = find(node.op, where=node.source)
    if operator.elementwise:
        return pointwise(node, track, track.axis)
    if operator.view:
        return regrouped(kind, node, track)
    return broadcast(kind, node, track) if operator.shapes is broadcast_shape else None


def broadcast(kind: Signature, node: Node, track: Track) -> Step | None:
    """Two inputs whose last dimensions face each other; a constant must be the same for all columns."""
    behind = [len(kind.input(index).shape) - track.axis for index in _tracked(kind)]
    if len(set(behind)) > 1:
        return None
    for index, array in enumerate(kind.constants):
        shape = kind.input(index).shape
        if array is not None and len(shape) >= behind[0] and shape[-behind[0]] > 1:
            return None
    return pointwise(node, track, len(kind.outputs[0].shape) - behind[0])


def same_place(shape: Shape, axis: int, target: Shape) -> int | None:
    """The dimension of ``target`` that is ``axis`` of ``shape`` under row-major order, or None."""
    before = math.prod(shape[:axis])
    for place, extent in enumerate(target):
        if extent == shape[axis] and math.prod(target[:place]) == before:
            return place
    return None


def regrouped(kind: Signature, node: Node, track: Track) -> Step | None:
    """RESHAPE and its relatives, where time stays one dimension with as many elements before and behind it."""
    target = kind.outputs[0].shape
    place = same_place(kind.input(0).shape, track.axis, target)
    if place is None:
        return None
    shape = (*target[:place], track.new, *target[place + 1 :])
    plain = Node("RESHAPE", node.inputs[:1], node.outputs, {"new_shape": shape}, (), node.source)
    return pointwise(plain, track, place)


def fully_connected(kind: Signature, node: Node, track: Track) -> Step | None:
    """Rows of their own, where time is not part of a row."""
    shape = kind.input(0).shape
    place = same_place(shape, track.axis, kind.outputs[0].shape)
    if place is None or math.prod(shape[track.axis + 1 :]) % kind.input(1).shape[1]:
        return None
    return pointwise(node, track, place)


def along_last(kind: Signature, node: Node, track: Track) -> Step | None:
    """Operators over the last dimension."""
    return None if track.axis == len(kind.input(0).shape) - 1 else pointwise(node, track, track.axis)


def reduction(kind: Signature, node: Node, track: Track) -> Step | None:
    """Reductions over other dimensions than time."""
    reduced = reduced_axes(kind)
    if track.axis in reduced:
        return None
    gone = 0 if kind.attrs["keep_dims"] else sum(axis < track.axis for axis in reduced)
    return pointwise(node, track, track.axis - gone)


def transpose(kind: Signature, node: Node, track: Track) -> Step:
    """Time moves to where the permutation takes it."""
    return pointwise(node, track, integers(kind, 1).index(track.axis))


def pad(kind: Signature, node: Node, track: Track) -> Step:
    """Borders on other dimensions than time.

    Raises:
        UnsupportedError: there is a border in time.
    """
    if any(integers(kind, 1)[2 * track.axis : 2 * track.axis + 2]):
        raise padded_in_time(kind, track)
    return pointwise(node, track, track.axis)


def padded_in_time(kind: Signature, track: Track) -> UnsupportedError:
    """The error of a layer that pads along time."""
    return UnsupportedError(
        f"{kind.op} pads its input along the time axis (axis {track.axis}), so that columns at the border of the "
        "window differ from those of a stream",
        where=kind.source,
        hint="train the model with padding='valid' along time",
    )


def concatenation(kind: Signature, node: Node, track: Track) -> Step | None:
    """Streams side by side; a constant among them has columns of its own."""
    axis = positive_axis(kind.attrs["axis"], len(kind.outputs[0].shape))
    constant = len(_tracked(kind)) < len(kind.inputs)
    return None if constant or axis == track.axis else pointwise(node, track, track.axis)


def split(kind: Signature, node: Node, track: Track) -> Step | None:
    """SPLIT (axis first) and SPLIT_V (axis last) along other dimensions than time."""
    axis = integers(kind, 0 if kind.op == "SPLIT" else 2)[0]
    data = kind.input(1 if kind.op == "SPLIT" else 0)
    return None if positive_axis(axis, len(data.shape)) == track.axis else pointwise(node, track, track.axis)


def _tracked(kind: Signature) -> list[int]:
    """The inputs that are no constants; the caller has made sure that all of them are tracked alike."""
    return [
        index
        for index, (given, array) in enumerate(zip(kind.inputs, kind.constants, strict=True))
        if given is not None and array is None
    ]
