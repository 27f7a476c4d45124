# SPDX-License-Identifier: Apache-2.0
"""Sizes and places of the Winograd convolution: see conv_winograd_s8_m4.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PRODUCTS = 24
"""Frequencies of a tile of 2x4 outputs: four lines of six."""

SUMS = 8
"""Sums that the inner loop makes at a time: filters times positions."""

SUM_BYTES = 4 * SUMS

_LONGEST_TURN = 8  # steps of which 16-bit loads reach all operands
_LEAST_TURN = 4
_LONGEST_WIDE_TURN = 13


@dataclass(frozen=True)
class WinogradShape:
    """A kernel's parameters, and what follows from them. Sizes are in bytes unless they are counts."""

    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    pad_top: int
    pad_left: int
    zero: int
    rows: int
    filters: int
    shift: int
    jumps: int
    work: int

    @property
    def across(self) -> int:
        """Tiles in a row."""
        return -(-self.out_w // 4)

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.out_h // 2)

    @property
    def even(self) -> bool:
        """Whether all strips have the same number of rows."""
        return self.down % self.rows == 0

    @property
    def positions(self) -> int:
        """Tiles in a full strip."""
        return self.rows * self.across

    @property
    def group(self) -> int:
        """Positions that are multiplied together."""
        return SUMS // self.filters

    @property
    def data_block(self) -> int:
        """One frequency of a group of positions: words of two channels, those of all positions in turn."""
        return 2 * self.in_c * self.group

    @property
    def data_group(self) -> int:
        """All frequencies of a group of positions."""
        return PRODUCTS * self.data_block

    @property
    def filter_block(self) -> int:
        """One frequency of the filters of a pass: words of two channels, those of all filters in turn."""
        return 2 * self.in_c * self.filters

    @property
    def filter_bytes(self) -> int:
        """All frequencies of the filters of a pass."""
        return PRODUCTS * self.filter_block

    @property
    def columns(self) -> int:
        """Columns under a row of tiles, borders included."""
        return 4 * self.across + 2

    @property
    def seen(self) -> int:
        """Columns of the image under a row of tiles."""
        return min(self.in_w, self.columns - self.pad_left)

    @property
    def borders(self) -> tuple[int, ...]:
        """The columns that lie outside the image."""
        return (*range(self.pad_left), *range(self.pad_left + self.seen, self.columns))

    @property
    def line(self) -> int:
        """One line of two channels."""
        return 4 * self.columns

    @property
    def lines(self) -> int:
        """Two pairs of channels, four lines each."""
        return 8 * self.line

    @property
    def pitch(self) -> int:
        """A row of the input."""
        return self.in_w * self.in_c

    @property
    def crosses(self) -> bool:
        """Whether tiles reach above or below the image."""
        return self.pad_top > 0 or 2 * self.down + 2 - self.pad_top > self.in_h

    @property
    def turn(self) -> int:
        """Steps (two channels each) in a turn of the inner loop."""
        steps = self.in_c // 2
        short = max(turn for turn in range(1, _LONGEST_TURN + 1) if steps % turn == 0)
        if short >= _LEAST_TURN:
            return short
        return max(turn for turn in range(1, _LONGEST_WIDE_TURN + 1) if steps % turn == 0)

    @property
    def record_words(self) -> int:
        """Words of constants for each filter."""
        return 5 if self.jumps else 4


def winograd_shape(params: Mapping[str, int | float]) -> WinogradShape:
    """The shape that a kernel's parameters describe."""
    return WinogradShape(**{name: int(value) for name, value in params.items()})
