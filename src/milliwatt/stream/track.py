# SPDX-License-Identifier: Apache-2.0
"""How a value of the window model follows the stream, and how one node computes only what is new of it.

A tracked value stands for the last ``new`` of its ``full`` columns along its time axis. Because every tracked value
ends where the window ends, two of them are always in phase, whatever strides, crops and delays lie before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from milliwatt.errors import UnsupportedError
from milliwatt.ir import Node
from milliwatt.ir.graph import Array
from milliwatt.ops import Signature


@dataclass(frozen=True)
class Track:
    """The time axis of a value.

    Attributes:
        axis: which dimension is time.
        new: columns that one run adds; at least 1, and less than ``full``.
        full: columns in the window model.
        stride: columns of the model's input per column of this value.
    """

    axis: int
    new: int
    full: int
    stride: int = 1

    def on(self, axis: int) -> Track:
        """The same columns along another dimension."""
        return replace(self, axis=axis)


@dataclass(frozen=True)
class Step:
    """How a node computes the new columns of its outputs.

    Attributes:
        columns: how many of the last columns of each tracked input the node reads.
        output: the time axis of all outputs; None where the node gives what the window model gives, whole.
        node: the node with attributes for the shorter input, if they differ.
        operands: constants that take the place of inputs, by the input's index.
    """

    columns: int
    output: Track | None
    node: Node
    operands: Mapping[int, Array] = field(default_factory=dict)


def pointwise(node: Node, track: Track, axis: int) -> Step:
    """New columns from new columns; the time axis of the outputs is ``axis``."""
    return Step(track.new, track.on(axis), node)


def windowed(kind: Signature, node: Node, track: Track, *, begin: int, step: int, count: int) -> Step | None:
    """Output column j reads input columns from ``begin + j * step`` on, for j < ``count``.

    None where one run replaces all output columns, so that nothing of the last run's can be kept.

    Raises:
        UnsupportedError: the step does not divide the new columns.
    """
    if count == 1 or count * step <= track.new:
        return None
    if track.new % step:
        raise UnsupportedError(
            f"{kind.op} steps by {step} along time, which does not divide the {track.new} new columns of a run",
            where=kind.source,
            hint=f"choose a hop that is a multiple of {track.stride * step}",
        )
    new = track.new // step
    output = Track(track.axis, new, count, track.stride * step)
    return Step(track.full - begin - (count - new) * step, output, node)
