# SPDX-License-Identifier: Apache-2.0
"""What a board's flash adds to the cycles of its core."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FlashCaches:
    """Flash with wait states behind an instruction cache and a data cache.

    Both caches are fully associative, replace the least recently used line, and fetch only the
    sector that is missing. RAM costs nothing more.

    Attributes:
        kind: name of the model, for reports.
        line_bytes, sector_bytes: bytes of a line and of the part of it that one flash access fetches.
        instruction_lines, data_lines: number of lines of each cache.
        instruction_miss_cycles, data_miss_cycles: cycles that one missing sector adds.
        known_error: how far the model is from silicon, in words.
    """

    kind: str
    line_bytes: int
    sector_bytes: int
    instruction_lines: int
    data_lines: int
    instruction_miss_cycles: float
    data_miss_cycles: float
    known_error: str

    def extra_cycles(self, *, instruction_misses: int, data_misses: int) -> float:
        """Cycles that the flash adds to those of the core."""
        return self.instruction_miss_cycles * instruction_misses + self.data_miss_cycles * data_misses
