# SPDX-License-Identifier: Apache-2.0
"""Packs filters in pairs for mw_conv_pairs_s8_m4, with the proofs that their sums can be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.filter_bank import FilterBank
from milliwatt.lower.rescale_fit import SMALL_FIRST, ShortRescale, checked, fit, fit_with_jumps

Array = npt.NDArray[Any]

_QUAD = 4
_SCALE = 8
_LIMIT = 1 << 23


@dataclass(frozen=True)
class PairedFilters:
    """Filters and the short rescaling of their sums."""

    bank: FilterBank
    short: ShortRescale

    @property
    def jumps(self) -> bool:
        """Whether negative sums take another constant; then all sums are scaled by 256."""
        return self.short.scale == _SCALE

    def ram_words(self, steps: int) -> int:
        """32-bit words that the weights take in RAM: those of the table."""
        return self.table(steps).size

    def table(self, steps: int) -> Array:
        """The table, uint32 [words]: see the kernel. ``steps`` pairs of places, at least those of a patch."""
        count = -(-len(self.bank.bias) // _QUAD) * _QUAD
        weights = self.bank.padded(filters=count, places=2 * steps).reshape(-1, 2, steps, 2)
        halves = (256 * weights[:, 0] + weights[:, 1]) & 0xFFFF
        words = (halves[..., 0] | halves[..., 1] << 16).reshape(-1, 2, steps).transpose(0, 2, 1)
        parts = [self._start(count), words.reshape(-1, 2 * steps), self._constants(count)]
        return np.concatenate(parts, axis=1).astype(np.uint64).astype(np.uint32).reshape(-1)

    def _start(self, count: int) -> Array:
        """The initial sums, [quads, 4]; 256 a + b wraps modulo 2**32 like the sum that it starts."""
        start = np.pad(self.bank.bias + self.short.nudge, (0, count - len(self.bank.bias))).reshape(-1, 2)
        both = np.stack([256 * start[:, 0] + start[:, 1], start[:, 1]], axis=1)
        return both.reshape(-1, _QUAD) & 0xFFFFFFFF

    def _constants(self, count: int) -> Array:
        """Mantissa, offset and jump of each filter, [quads, 8 or 12]."""
        offset = self.short.offset.copy()
        if not self.jumps:
            offset[0::2] <<= _SCALE
        columns = [self.short.mantissa, offset, *([self.short.jump] if self.jumps else [])]
        table = np.stack([checked(column) for column in columns], axis=1).astype(np.int64)
        padded = np.pad(table, ((0, count - len(table)), (0, 0)))
        return padded.reshape(count // _QUAD, -1) & 0xFFFFFFFF


def pair_filters(bank: FilterBank) -> PairedFilters | None:
    """The filters in pairs; None where a bound does not hold or no short rescaling is exact.

    256 f + g must be an int16 for each pair of weights, and sums of f (with jumps, all sums) must stay within 24 bits.
    """
    upper, lower = bank.weights[0::2], bank.weights[1::2]
    numbers = 256 * upper
    numbers[: len(lower)] += lower
    if numbers.min() < -(1 << 15) or bank.low.min() < -_LIMIT or bank.high.max() >= _LIMIT:
        return None
    steps = bank.steps()
    short = fit(bank.constants, steps, shifts=SMALL_FIRST) or fit_with_jumps(
        bank.constants, steps, scale=_SCALE
    )
    if short is None:
        return None
    low, high = bank.low + short.nudge, bank.high + short.nudge
    return PairedFilters(bank, short) if low.min() >= -_LIMIT and high.max() < _LIMIT else None
