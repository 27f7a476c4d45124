# SPDX-License-Identifier: Apache-2.0
"""Estimates of generated assembly: how far its inner loop is unrolled, and what a convolution takes in cycles.

Numbers are for Cortex-M4 and a small instruction cache, such as the STM32L4's of 1 KiB.
"""

from __future__ import annotations

from dataclasses import dataclass

_CACHE_BYTES = 1000  # a loop that exceeds the cache misses all the time
_MISS_CYCLES = 2 / 8  # per byte of code: 2 cycles for each 64 bits
_TURN_CYCLES = 5


@dataclass(frozen=True)
class Tiling:
    """The sizes of one convolution.

    Attributes:
        groups: groups of pixels.
        quads: quads of filters.
        steps: of the inner loop, as many as are needed.
        words: whole words of a patch.
        places: inputs of a patch.
    """

    groups: int
    quads: int
    steps: int
    words: int
    places: int


@dataclass(frozen=True)
class Unrolled:
    """How the loops are unrolled.

    Attributes:
        turns: of the inner loop.
        steps: of the inner loop, a multiple of its turns.
        widened: words of a patch that one turn of the widening loop takes, at most.
        cycles: estimated, without those that bring the weights to RAM.
    """

    turns: int
    steps: int
    widened: int
    cycles: float


@dataclass(frozen=True)
class InnerLoop:
    """The code of a matrix product: groups of pixels, within them quads of filters, within them steps.

    Attributes:
        step_bytes, step_cycles: code and time of one step.
        quad_bytes, quad_cycles: around the steps for each quad of filters.
        group_bytes, group_cycles: for each group of pixels.
        word_bytes: code that widens one word of a patch for a group.
        widenings: how many words a turn of the loop that widens may take.
        place_cycles: time that widening takes for each input of a patch for a group.
    """

    step_bytes: int
    step_cycles: int
    quad_bytes: int
    quad_cycles: int
    group_bytes: int
    group_cycles: int
    word_bytes: int
    widenings: tuple[int, ...]
    place_cycles: float

    def best(self, tiling: Tiling) -> Unrolled:
        """The fastest way to unroll the loops."""
        turns = range(1, tiling.steps + 1)
        ways = [self.unrolled(tiling, count, widened) for count in turns for widened in self.widenings]
        return min(ways, key=lambda way: way.cycles)

    def unrolled(self, tiling: Tiling, turns: int, widened: int) -> Unrolled:
        """One way: so many turns of the inner loop, so many words in a turn of the widening loop."""
        turn = -(-tiling.steps // turns)
        quad_bytes = self.quad_bytes + turn * self.step_bytes
        group_bytes = self.group_bytes + min(tiling.words, widened) * self.word_bytes + quad_bytes
        branches = _TURN_CYCLES * turns if turns > 1 else 0
        quad = turns * turn * self.step_cycles + branches + self.quad_cycles
        loops = _TURN_CYCLES * -(-tiling.words // widened) if tiling.words > widened else 0
        group = tiling.quads * quad + self.group_cycles + tiling.places * self.place_cycles + loops
        if quad_bytes > _CACHE_BYTES:
            group += tiling.quads * quad_bytes * _MISS_CYCLES
        elif group_bytes > _CACHE_BYTES:
            group += group_bytes * _MISS_CYCLES
        return Unrolled(turns, turns * turn, widened, tiling.groups * group)
