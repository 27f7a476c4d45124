# SPDX-License-Identifier: Apache-2.0
"""How mw_conv_winograd_s8_m4 divides an image into strips: what each way needs, and about what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milliwatt.ops.window import Axis

PRODUCTS = 24
"""Frequencies of a tile of 2x4 outputs."""

COLUMN_BYTES = 32
"""One column of the eight lines that four channels of data become on the way."""

_SUMS = 8
_SUM_BYTES = 4 * _SUMS * PRODUCTS
_SHORT_TURN = 8  # steps of which 16-bit loads reach nearly all operands
_LEAST_TURN = 4
_LONGEST_TURN = 14
_MOST_ROWS = 255
_SPREAD = 0.02


@dataclass(frozen=True)
class WinogradStrips:
    """One way.

    Attributes:
        down, across: the sliding windows.
        in_c, out_c: channels.
        rows: rows of tiles in a strip, of 2x4 outputs each.
        filters: filters of a pass, 2 or 4.
    """

    down: Axis
    across: Axis
    in_c: int
    out_c: int
    rows: int
    filters: int

    @property
    def tiles_across(self) -> int:
        """Tiles in a row."""
        return -(-self.across.output // 4)

    @property
    def tiles_down(self) -> int:
        """Rows of tiles."""
        return -(-self.down.output // 2)

    @property
    def group(self) -> int:
        """Positions that are multiplied together."""
        return _SUMS // self.filters

    @property
    def columns(self) -> int:
        """Columns under a row of tiles."""
        return 4 * self.tiles_across + 2

    @property
    def work(self) -> int:
        """Bytes of a strip's transformed data."""
        groups = -(-self.rows * self.tiles_across // self.group)
        return groups * self.group * 2 * PRODUCTS * self.in_c

    @property
    def scratch(self) -> int:
        """Bytes of scratch, with those that align the data."""
        lines = COLUMN_BYTES * self.columns
        if self.down.before or 2 * self.tiles_down + 2 - self.down.before > self.down.input:
            lines += self.across.input * self.in_c
        filters = 2 * PRODUCTS * self.in_c * self.filters + _SUM_BYTES
        return self.work + max(lines, filters) + (28 if self.filters == 4 else 12)

    @property
    def turn(self) -> int:
        """Pairs of channels in a turn of the inner loop; even, as four channels are transformed together."""
        pairs = self.in_c // 2
        short = max(turn for turn in range(2, _SHORT_TURN + 1, 2) if pairs % turn == 0)
        if short >= _LEAST_TURN:
            return short
        return max(turn for turn in range(2, _LONGEST_TURN + 1, 2) if pairs % turn == 0)

    @property
    def whole(self) -> bool:
        """Whether all tiles lie in the image entirely."""
        return self.across.output % 4 == 0 and self.down.output % 2 == 0

    @property
    def cycles(self) -> float:
        """About the cycles of the layer."""
        rows, across = self.tiles_down, self.tiles_across
        strips = -(-rows // self.rows)
        quads = self.in_c // 4
        seen = min(self.across.input, self.columns)
        data = rows * (quads * (34 * seen + 8 * (37 * across + 16) + 30) + 60)
        filters = strips * self.out_c * (200 * quads + 12)
        full, rest = divmod(rows, self.rows)
        groups = full * -(-self.rows * across // self.group) + -(-rest * across // self.group)
        passes = self.out_c // self.filters
        products = passes * groups * (PRODUCTS * (8 * self.in_c + 24) + 40)
        outputs = rows * across * (155 * self.out_c + 25 * passes)
        return data + filters + products + outputs + strips * 400


def winograd_strips(down: Axis, across: Axis, *, in_c: int, out_c: int) -> Iterator[WinogradStrips]:
    """All ways."""
    for filters in (2, 4):
        for rows in range(1, min(_MOST_ROWS, -(-down.output // 2)) + 1):
            if out_c % filters == 0:
                yield WinogradStrips(down, across, in_c, out_c, rows, filters)


def worthwhile(ways: Iterator[WinogradStrips], *, room: int) -> list[WinogradStrips]:
    """Of the ways that need at most ``room`` bytes those that no other beats in both bytes and cycles, fastest first.

    Gains below 2 % do not count, so that the first is the smallest of those about as fast as the fastest.
    """
    kept: list[WinogradStrips] = []
    for way in sorted(
        (way for way in ways if way.scratch <= room), key=lambda way: (way.scratch, way.cycles)
    ):
        if not kept or way.cycles < (1 - _SPREAD) * kept[-1].cycles:
            kept.append(way)
    return kept[::-1]
