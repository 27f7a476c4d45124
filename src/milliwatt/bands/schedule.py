# SPDX-License-Identifier: Apache-2.0
"""How many rows of every value are there behind each band: what the bands of the last node's output need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from milliwatt.bands.region import Region


@dataclass(frozen=True)
class Schedule:
    """The bands of a region.

    Attributes:
        region: the nodes.
        ends: for each node, the rows that it has computed behind each band.
    """

    region: Region
    ends: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(region: Region, heights: Sequence[int]) -> Schedule:
        """The schedule that computes as late as it can.

        Raises:
            ValueError: the heights are not positive, or do not add up to the rows of the last node's output.
        """
        rows = region.readings[-1].rows
        if min(heights, default=0) < 1 or sum(heights) != rows:
            raise ValueError(f"bands of {list(heights)} rows do not make {rows} rows")
        bands = [_ends(region, end, last=end == rows) for end in accumulate(heights)]
        return Schedule(region, tuple(zip(*bands, strict=True)))

    def rows(self, node: int, band: int) -> tuple[int, int]:
        """The rows that a node computes in a band: the first, and behind the last."""
        ends = self.ends[node]
        return ends[band - 1] if band else 0, ends[band]

    def base(self, value: str, band: int) -> int:
        """The first row of a value that is read in this band or a later one; its end where none is."""
        begins = []
        for index, node in enumerate(self.region.nodes):
            if value in node.inputs:
                reading, done = self.region.readings[index], self.rows(index, band)[0]
                if self.ends[index][-1] > done:
                    begins.append(reading.begin(done))
        return min(begins, default=1 << 62)


def _ends(region: Region, end: int, *, last: bool) -> list[int]:
    """Rows that each node must have computed for ``end`` rows of the last one, and at last for what leaves."""
    leaving = region.leaving() if last else frozenset()
    needed: dict[str, int] = {}
    ends = [0] * len(region.nodes)
    for index in reversed(range(len(region.nodes))):
        node, reading = region.nodes[index], region.readings[index]
        own = end if index == len(region.nodes) - 1 else 0
        own = max([own, *(needed.get(output, 0) for output in node.outputs)])
        ends[index] = reading.rows if leaving.intersection(node.outputs) else own
        if ends[index]:
            for name in node.inputs:
                if name is not None:
                    needed[name] = max(needed.get(name, 0), reading.end(ends[index]))
    return ends
