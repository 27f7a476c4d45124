# SPDX-License-Identifier: Apache-2.0
"""Boxes of elements that are copied between two strided views, in the form that the move kernels take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

from milliwatt.ops.operator import Move

RANK = 6
"""Nested loops of the move kernels."""

_ENUMERABLE = 1 << 20
"""Elements up to which the order of accesses is looked at to find how far a copy may overlap itself."""

Dimension = tuple[int, int, int]
"""Extent, input stride and output stride."""


@dataclass(frozen=True)
class Box:
    """A copy of elements of ``width`` bytes (1, 2 or 4); offsets and strides in bytes, slowest first."""

    width: int
    dimensions: tuple[Dimension, ...]
    input_offset: int
    output_offset: int

    @property
    def words(self) -> tuple[int, ...]:
        """Extents, input offset and strides, output offset and strides: the kernels' 20 integers."""
        padded = ((1, 0, 0),) * (RANK - len(self.dimensions)) + self.dimensions
        extents, inputs, outputs = zip(*padded, strict=True)
        return (*extents, self.input_offset, *inputs, self.output_offset, *outputs)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(extent for extent, _, _ in self.dimensions)


def boxes(move: Move, element_bytes: int) -> tuple[Box, ...]:
    """The boxes that carry out one move; mostly one, several when it has more dimensions than the kernels.

    Dimensions that lie behind one another in both views are merged, and contiguous runs are copied by words
    where all addresses allow.
    """
    dimensions: list[Dimension] = [
        (extent, source * element_bytes, target * element_bytes)
        for extent, source, target in zip(move.extents, move.input_strides, move.output_strides, strict=True)
        if extent != 1
    ]
    if math.prod(move.extents) == 0:
        return ()
    width = min(element_bytes, 4)
    if element_bytes > width:
        dimensions.append((element_bytes // width, width, width))
    whole = _merged(dimensions)
    offsets = (move.input_offset * element_bytes, move.output_offset * element_bytes)
    return tuple(_widened(box) for box in _split(Box(width, whole, *offsets)))


def _merged(dimensions: list[Dimension]) -> tuple[Dimension, ...]:
    merged: list[Dimension] = []
    for extent, source, target in dimensions:
        if merged and merged[-1][1:] == (extent * source, extent * target):
            merged[-1] = (merged[-1][0] * extent, source, target)
        else:
            merged.append((extent, source, target))
    return tuple(merged)


def _widened(box: Box) -> Box:
    """The same copy by elements of up to four bytes, where its innermost runs are contiguous and aligned."""
    if not box.dimensions or box.dimensions[-1][1:] != (box.width, box.width):
        return box
    *outer, (extent, _, _) = box.dimensions
    steps = [box.input_offset, box.output_offset, extent * box.width]
    steps += [stride for _, *strides in outer for stride in strides]
    width = math.gcd(4, *steps)
    if width <= box.width:
        return box
    inner = (extent * box.width // width, width, width)
    return Box(
        width, _merged([*outer, inner] if inner[0] != 1 else outer), box.input_offset, box.output_offset
    )


def _split(box: Box) -> list[Box]:
    extra = max(0, len(box.dimensions) - RANK)
    outer, inner = box.dimensions[:extra], box.dimensions[extra:]
    parts = []
    for index in product(*(range(extent) for extent, _, _ in outer)):
        source = sum(at * stride for at, (_, stride, _) in zip(index, outer, strict=True))
        target = sum(at * stride for at, (_, _, stride) in zip(index, outer, strict=True))
        parts.append(Box(box.width, inner, box.input_offset + source, box.output_offset + target))
    return parts


def overlap_distance(parts: tuple[Box, ...]) -> int | None:
    """Least ``address(input) - address(output)`` at which the copies never destroy what they read later.

    None when there are too many elements to look at their order.
    """
    if sum(part.size for part in parts) > _ENUMERABLE:
        return None
    reads = np.concatenate([_addresses(part, 1, part.input_offset) for part in parts])
    writes = [_addresses(part, 2, part.output_offset) + part.width for part in parts]
    written = np.maximum.accumulate(np.concatenate(writes))
    needed = written[:-1] - reads[1:]
    return int(needed.max()) if needed.size else -(1 << 30)


def _addresses(box: Box, side: int, offset: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    addresses = np.array([offset], np.int64)
    for dimension in box.dimensions:
        addresses = (addresses[:, None] + np.arange(dimension[0], dtype=np.int64) * dimension[side]).reshape(
            -1
        )
    return addresses
