# SPDX-License-Identifier: Apache-2.0
"""Packs units of fully connected layers in pairs for mw_fully_connected_s8_m4, and proves that it is exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.filter_bank import FilterBank
from milliwatt.lower.rescale_fit import ShortRescale, checked, fit, fit_with_jumps, steps_of
from milliwatt.ops.accumulate import Rescale

Array = npt.NDArray[Any]

_SCALE = 8
_LIMIT = 1 << 23


@dataclass(frozen=True)
class PairedUnits:
    """Units and the short rescaling of their sums.

    Attributes:
        bank: the units; its places in the order of the kernel, a multiple of four.
        short: constants for every unit, or one entry for all.
    """

    bank: FilterBank
    short: ShortRescale

    @property
    def uniform(self) -> bool:
        """Whether all units have one multiplier."""
        return len(self.short.mantissa) == 1

    @property
    def jumps(self) -> bool:
        """Whether negative sums take another constant; then all sums are scaled by 256."""
        return self.short.scale == _SCALE

    @property
    def shift(self) -> int:
        """The final shift of g, and with jumps of f; without them that of f is greater by 8. 0 if it is in a table."""
        if self.uniform:
            return 0
        return self.short.shift + (_SCALE if self.jumps else 0)

    @property
    def constants(self) -> list[int]:
        """What all units share: if `uniform` shifts of f and of g, mantissa, offsets of f and of g, and jump."""
        if not self.uniform:
            return []
        shift = self.short.shift + _SCALE
        shifts = [shift, shift if self.jumps else self.short.shift]
        offset = int(self.short.offset[0])
        first = offset if self.jumps else offset << _SCALE
        constants = [int(self.short.mantissa[0]), first, offset, int(self.short.jump[0])]
        return [*shifts, *(int(constant) for constant in checked(constants))]

    def stream(self) -> Array:
        """All words in the order in which the kernel reads them, as uint32."""
        parts, first, units = [], 0, len(self.bank.bias)
        while first < units:
            group = 2 * pairs_together(units - first)
            last = first + max(1, (units - first) // group) * group
            parts.append(self._groups(first, min(last, units), group))
            first = last
        return np.concatenate(parts)

    def _groups(self, first: int, last: int, group: int) -> Array:
        """Some units in groups: initial sums, weights, and multipliers unless one serves all."""
        missing = -(last - first) % group
        count = last - first + missing
        weights = np.pad(self.bank.weights[first:last], ((0, missing), (0, 0)))
        bias = np.pad((self.bank.bias + self.short.nudge)[first:last], (0, missing))
        columns = [_initial_sums(weights, bias, group), _words(weights, group)]
        if not self.uniform:
            own = np.pad(self._own_multipliers()[first:last], ((0, missing), (0, 0)))
            columns.append(own.reshape(count // group, -1))
        return (np.concatenate(columns, axis=1) & 0xFFFFFFFF).astype(np.uint32).reshape(-1)

    def _own_multipliers(self) -> Array:
        """Mantissa, offset and jump of each unit, int64 [units, 2 or 3]."""
        offset = self.short.offset.copy()
        if not self.jumps:
            offset[0::2] <<= _SCALE
        columns = [self.short.mantissa, offset, *([self.short.jump] if self.jumps else [])]
        return np.stack([checked(column).astype(np.int64) for column in columns], axis=1)


def pairs_together(units: int) -> int:
    """Pairs of units that are computed at a time when so many are left; only an odd last one is filled up."""
    return next(pairs for least, pairs in ((7, 4), (3, 2), (1, 1)) if units >= least)


def pair_units(bank: FilterBank) -> PairedUnits | None:
    """The units in pairs; None where a bound does not hold or no short rescaling is exact.

    256 f + g must be an int16 for each pair of weights. All sums, moved as the rescaling wants it, must stay within 24
    bits: those of f, and with jumps all, are scaled by 256.
    """
    upper, lower = bank.weights[0::2], bank.weights[1::2]
    numbers = 256 * upper
    numbers[: len(lower)] += lower
    if numbers.min() < -(1 << 15) or bank.low.min() < -_LIMIT or bank.high.max() >= _LIMIT:
        return None
    short = _short(bank)
    if short is None:
        return None
    fits = (bank.low + short.nudge).min() >= -_LIMIT and (bank.high + short.nudge).max() < _LIMIT
    return PairedUnits(bank, short) if fits else None


def _short(bank: FilterBank) -> ShortRescale | None:
    """One rescaling for all units if their multipliers are equal, else one for each."""
    constants, low, high = bank.constants, bank.low, bank.high
    if _uniform(constants):
        constants = replace(
            constants,
            mantissa=constants.mantissa[:1],
            exponent=constants.exponent[:1],
            scale=None if constants.scale is None else constants.scale[:1],
        )
        low, high = low.min(keepdims=True), high.max(keepdims=True)
    steps = steps_of(constants, low, high)
    return fit(constants, steps) or fit_with_jumps(constants, steps, scale=_SCALE)


def _uniform(constants: Rescale) -> bool:
    """Whether all units have one multiplier."""
    columns = (constants.mantissa, constants.exponent, constants.scale)
    return all(column is None or len(np.unique(column)) == 1 for column in columns)


def _initial_sums(weights: Array, bias: Array, group: int) -> Array:
    """For each pair 256 f + g and g, int64 [groups, group]; g without the products of its own weights."""
    four = weights.reshape(len(weights), -1, 2, 2)
    own = (four[:, :, 0] * four[:, :, 1]).sum(axis=(1, 2))
    upper, lower = bias[0::2], bias[1::2]
    return np.stack([256 * upper + lower, lower - own[1::2]], axis=1).reshape(-1, group)


def _words(weights: Array, group: int) -> Array:
    """Two words of every four places, a pair after the other; a halfword is 256 f + g. int64 [groups, any]."""
    paired = weights.reshape(len(weights) // group, group // 2, 2, -1, 2, 2)
    halves = (256 * paired[:, :, 0] + paired[:, :, 1]) & 0xFFFF
    words: Array = halves[..., 0] | halves[..., 1] << 16
    return words.transpose(0, 2, 1, 3).reshape(len(words), -1)
