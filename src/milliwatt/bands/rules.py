# SPDX-License-Identifier: Apache-2.0
"""Which rows of its inputs an operator reads for some rows of its output, and the node that computes just these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from milliwatt.ir import Node
from milliwatt.ir.graph import Array
from milliwatt.ops import Signature, conv_2d, depthwise_conv_2d, pool
from milliwatt.ops.strided_view import integers
from milliwatt.ops.window import Axis
from milliwatt.stream import pointwise
from milliwatt.stream.track import Step, Track

_WINDOWS = {
    "CONV_2D": conv_2d.axes,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d.axes,
    "AVERAGE_POOL_2D": pool.axes,
    "MAX_POOL_2D": pool.axes,
}


@dataclass(frozen=True)
class Reading:
    """Output row j reads the input rows ``j * stride - before`` to ``j * stride - before + reach``, the last excluded.

    Attributes:
        full: rows of the input; what lies outside is padding.
        rows: rows of the output.
        axis: the output's dimension that is its rows.
    """

    stride: int
    reach: int
    before: int
    full: int
    rows: int
    axis: int

    def begin(self, first: int) -> int:
        """The first input row for the output rows from ``first`` on."""
        return min(max(0, first * self.stride - self.before), self.full)

    def end(self, end: int) -> int:
        """Behind the last input row for the output rows before ``end``, which is at least 1."""
        return min(max(0, (end - 1) * self.stride - self.before + self.reach), self.full)

    def padding(self, first: int, end: int) -> tuple[int, int]:
        """Rows of padding above and below under these output rows."""
        last = (end - 1) * self.stride - self.before + self.reach
        return max(0, self.before - first * self.stride), max(0, last - self.full)


@dataclass(frozen=True)
class Part:
    """A node for some rows, and constants that take the place of inputs, by the input's index."""

    node: Node
    operands: Mapping[int, Array] = field(default_factory=dict)


def reading(kind: Signature, node: Node, axis: int) -> Reading | None:
    """How a node reads rows; None where it needs more than a window of them.

    Args:
        kind, node: the node; its computed inputs have the same rows.
        axis: the inputs' dimension that is their rows.
    """
    full = _rows(kind, axis)
    if node.op in _WINDOWS:
        if axis not in (1, 2):
            return None
        window: Axis = _WINDOWS[node.op](kind)[axis - 1]
        reach = (window.window - 1) * window.dilation + 1
        return Reading(window.stride, reach, window.before, full, window.output, axis)
    step = _step(kind, node, Track(axis, full, full))
    if step is None or step.output is None:
        return None
    return Reading(1, 1, 0, full, full, step.output.axis)


def part(kind: Signature, node: Node, axis: int, first: int, end: int) -> Part:
    """The node that computes the output rows from ``first`` to ``end`` from the input rows that they read.

    Raises:
        ValueError: the node is none that `reading` accepts.
    """
    found = reading(kind, node, axis)
    if found is None:
        raise ValueError(f"{node.op} does not read rows by a window")
    if node.op in _WINDOWS:
        return Part(_padded(kind, node, axis, found.padding(first, end)))
    step = _step(kind, node, Track(axis, end - first, found.full))
    if step is None:
        raise ValueError(f"{node.op} does not read rows one by one")
    return Part(step.node, step.operands)


def _rows(kind: Signature, axis: int) -> int:
    computed = zip(kind.inputs, kind.constants, strict=True)
    return next(given.shape[axis] for given, array in computed if given is not None and array is None)


def _padded(kind: Signature, node: Node, axis: int, own: tuple[int, int]) -> Node:
    padding = [(one.before, one.after) for one in _WINDOWS[node.op](kind)]
    padding[axis - 1] = own
    return node.with_attrs(padding="VALID", explicit_padding=(*padding[0], *padding[1]))


def _step(kind: Signature, node: Node, track: Track) -> Step | None:
    """The same as in a stream, of operators that compute each row on its own."""
    if node.states:
        return None
    if node.op in ("SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"):
        return pointwise.along_last(kind, node, track)
    if node.op in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
        return pointwise.reduction(kind, node, track)
    if node.op in ("PAD", "PADV2", "MIRROR_PAD"):
        padded = any(integers(kind, 1)[2 * track.axis : 2 * track.axis + 2])
        return None if padded else pointwise.pad(kind, node, track)
    if node.op == "CONCATENATION":
        return pointwise.concatenation(kind, node, track)
    if node.op in ("SPLIT", "SPLIT_V"):
        return pointwise.split(kind, node, track)
    if node.op == "FULLY_CONNECTED":
        return pointwise.fully_connected(kind, node, track)
    if node.op in ("SLICE", "STRIDED_SLICE", "TRANSPOSE", "RESIZE_BILINEAR"):
        return None
    return pointwise.general(kind, node, track)
