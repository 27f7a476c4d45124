# SPDX-License-Identifier: Apache-2.0
"""Estimates of what a convolution in generated assembly takes in cycles, on Cortex-M4."""

from __future__ import annotations

from dataclasses import dataclass

_TURN_CYCLES = 5


@dataclass(frozen=True)
class Tiling:
    """The sizes of one convolution.

    Attributes:
        groups: groups of pixels.
        quads: quads of filters.
        steps: of the inner loop.
        places: inputs of a patch.
    """

    groups: int
    quads: int
    steps: int
    places: int


@dataclass(frozen=True)
class InnerLoop:
    """The code of a matrix product: groups of pixels, within them quads of filters, within them steps.

    Attributes:
        turn: steps of one turn.
        step_cycles: time of one step.
        quad_cycles: around the steps for each quad of filters.
        group_cycles: for each group of pixels.
        place_cycles: time that widening takes for each input of a patch for a group.
    """

    turn: int
    step_cycles: int
    quad_cycles: int
    group_cycles: int
    place_cycles: float

    def cycles(self, tiling: Tiling) -> float:
        """Estimated, without those that bring the weights to RAM."""
        turns = -(-tiling.steps // self.turn)
        quad = tiling.steps * self.step_cycles + _TURN_CYCLES * turns + self.quad_cycles
        return tiling.groups * (tiling.quads * quad + self.group_cycles + tiling.places * self.place_cycles)
