# SPDX-License-Identifier: Apache-2.0
"""How far an inner loop of generated assembly is unrolled: few branches, but within a small instruction cache."""

from __future__ import annotations

from dataclasses import dataclass

_CACHE_BYTES = 1000  # of 1 KiB, the STM32L4's instruction cache; a loop that exceeds it misses all the time
_MISS_CYCLES = 2 / 8  # per byte of code: 2 cycles for each 64 bits
_TURN_CYCLES = 5
_MOST_WORDS = 8  # of a patch that are widened without a loop


@dataclass(frozen=True)
class InnerLoop:
    """The code of a matrix product: groups of pixels, within them quads of filters, within them steps.

    Attributes:
        step_bytes, step_cycles: code and time of one step.
        quad_bytes: code around the steps for each quad of filters.
        group_bytes: code for each group of pixels, and
        word_bytes: more of it for each word of a patch.
    """

    step_bytes: int
    step_cycles: int
    quad_bytes: int
    group_bytes: int
    word_bytes: int

    def turns(self, steps: int, *, words: int, quads: int) -> int:
        """The number of turns that ``steps``, rounded up to a multiple of it, are divided into.

        Args:
            steps: steps that are needed.
            words: words of a patch.
            quads: quads of filters.
        """

        def cycles(turns: int) -> float:
            turn = -(-steps // turns)
            quad = self.quad_bytes + turn * self.step_bytes
            group = self.group_bytes + min(words, _MOST_WORDS) * self.word_bytes + quad
            loop = quads * (turns * turn * self.step_cycles + (_TURN_CYCLES * turns if turns > 1 else 0))
            if quad > _CACHE_BYTES:
                return loop + quads * quad * _MISS_CYCLES
            return loop + (group * _MISS_CYCLES if group > _CACHE_BYTES else 0)

        return min(range(1, steps + 1), key=cycles)
