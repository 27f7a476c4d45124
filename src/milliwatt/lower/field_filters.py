# SPDX-License-Identifier: Apache-2.0
"""Packs filters for mw_conv_fields_s8_m4, with the proof that three sums fit the fields of 64 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.filter_bank import FilterBank
from milliwatt.lower.rescale_fit import NUDGES, SMALL_FIRST, ShortRescale, checked, fit

Array = npt.NDArray[Any]

QUAD = 4
_FIELD = 21


@dataclass(frozen=True)
class FieldFilters:
    """Filters and the short rescaling of their sums, whose nudges put the sums in the middle of their fields."""

    bank: FilterBank
    short: ShortRescale

    @property
    def jumps(self) -> bool:
        """Whether negative sums take another constant: never."""
        return False

    @property
    def quads(self) -> int:
        """Groups of four filters."""
        return -(-len(self.bank.bias) // QUAD)

    def ram_words(self, steps: int) -> int:
        """32-bit words that the weights take in RAM."""
        return self.quads * (QUAD + 2 * steps + 2 * QUAD)

    def table(self, steps: int) -> Array:
        """The table, uint32 [words]: see the kernel. ``steps`` places, at least those of a patch."""
        count = QUAD * self.quads
        weights = self.bank.padded(filters=count, places=steps).reshape(-1, QUAD, steps) & 0xFF
        bytes_of_step = weights[:, 0] | weights[:, 1] << 8 | weights[:, 2] << 16 | weights[:, 3] << 24
        parts = [self._start(count), bytes_of_step, self._constants(count)]
        return np.concatenate(parts, axis=1).astype(np.uint64).astype(np.uint32).reshape(-1)

    def _start(self, count: int) -> Array:
        """The initial fields of each two filters f, g: f, f + g, g; as [quads, 4] words, low before high."""
        start = np.pad(self.bank.bias + self.short.nudge, (0, count - len(self.bank.bias))).reshape(-1, 2)
        f, g = start[:, 0], start[:, 1]
        total = f + ((f + g) << _FIELD) + (g << 2 * _FIELD)
        return np.stack([total & 0xFFFFFFFF, (total >> 32) & 0xFFFFFFFF], axis=1).reshape(-1, QUAD)

    def _constants(self, count: int) -> Array:
        """Mantissa and offset of each filter, [quads, 8]."""
        table = np.stack([checked(self.short.mantissa), checked(self.short.offset)], axis=1).astype(np.int64)
        return np.pad(table, ((0, count - len(table)), (0, 0))).reshape(count // QUAD, -1) & 0xFFFFFFFF


def field_filters(bank: FilterBank) -> FieldFilters | None:
    """The filters in fields; None where the fields are too narrow or no short rescaling is exact.

    Sums of even filters (f) start in the middle of an unsigned field, those of odd filters (g) around 0.
    """
    middle = (bank.low + bank.high) // 2
    base = -middle
    base[0::2] += 1 << (_FIELD - 1)
    # Nudges may differ from the base by the largest of the search; most of them hardly do.
    if not _fit_fields(bank.low + base, bank.high + base, margin=NUDGES[0]):
        return None
    short = fit(bank.constants, bank.steps(), base=base, shifts=SMALL_FIRST)
    if short is None or not _fit_fields(bank.low + short.nudge, bank.high + short.nudge, margin=0):
        return None
    return FieldFilters(bank, short)


def _fit_fields(low: Array, high: Array, *, margin: int) -> bool:
    """Whether f and f + g of every two filters keep within 0..2**21 - 1, and g within 22 bits with sign."""
    odd = len(low) % 2
    low, high = np.pad(low, (0, odd)).reshape(-1, 2), np.pad(high, (0, odd)).reshape(-1, 2)
    least = min(int(low[:, 0].min()), int(low.sum(axis=1).min())) - margin
    most = max(int(high[:, 0].max()), int(high.sum(axis=1).max())) + margin
    top = max(-int(low[:, 1].min()), int(high[:, 1].max()) + 1)
    return least >= 0 and most < 1 << _FIELD and top <= 1 << _FIELD
