# SPDX-License-Identifier: Apache-2.0
"""What the code of the Winograd convolution is made for, and the places that follow: see conv_winograd_s8_m4.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PRODUCTS = 24
"""Frequencies of a tile of 2x4 outputs: four lines of six."""

SUMS = 8
"""Sums that the inner loop makes at a time: filters times positions."""

SUM_BYTES = 4 * SUMS

LINES = 8
"""Two pairs of channels, four lines each."""

COLUMN = 4 * LINES
"""One column of the lines."""


@dataclass(frozen=True)
class WinogradShape:
    """A kernel's parameters, and what follows from them. Sizes are in bytes unless they are counts."""

    filters: int
    turn: int
    shift: int
    jumps: int
    whole: int

    @property
    def group(self) -> int:
        """Positions that are multiplied together."""
        return SUMS // self.filters

    @property
    def alignment(self) -> int:
        """Of the data, to the words of a group, and of the sums, to those of a position."""
        return 32 if self.filters == 4 else 16

    @property
    def data_block(self) -> int:
        """One frequency of a turn of channels for a group of positions."""
        return 4 * self.turn * self.group

    @property
    def data_turn(self) -> int:
        """All frequencies of a turn of channels for a group of positions."""
        return PRODUCTS * self.data_block

    @property
    def filter_block(self) -> int:
        """One frequency of a turn of channels of the filters of a pass."""
        return 4 * self.turn * self.filters

    @property
    def filter_turn(self) -> int:
        """All frequencies of a turn of channels of the filters of a pass."""
        return PRODUCTS * self.filter_block

    @property
    def turn_taps(self) -> int:
        """The taps of one filter for a turn of channels."""
        return 18 * self.turn

    @property
    def record_words(self) -> int:
        """Words of constants for each filter."""
        return 6 if self.jumps else 5


def winograd_shape(params: Mapping[str, int | float]) -> WinogradShape:
    """The shape that a kernel's parameters describe."""
    return WinogradShape(**{name: int(value) for name, value in params.items()})
