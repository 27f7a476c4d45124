# SPDX-License-Identifier: Apache-2.0
"""Constants with which the Winograd convolution rescales its sums, one shift for as many layers as possible.

The sums of a tile come 16 times too large, and are multiplied by a third to undo the transform anyway. So each filter's
sums can be scaled by any larger power of two at no cost, and with it the shift behind the multiplication, an immediate
operand that layers which share code must have in common, can be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.filter_bank import FilterBank
from milliwatt.lower.rescale_fit import Steps, fit
from milliwatt.ops import Rounding

Array = npt.NDArray[Any]

LEAST_SCALE = 4
"""Sums leave the transform so many bits too large."""

_SHIFTS = (17, 16, 18, 15, 19, 14, 13, 12, 11, 10, 9, 20, 8, 7, 6, 5)
"""In the order in which they are tried: large ones round least, but scale sums most."""

_NOT_USED = -1
_LARGEST_PRODUCT = 48  # the transform leaves sums at most so many times too large
_CHANGES = tuple(sign * 4 * size**2 for size in range(40) for sign in (1, -1)[: 1 + (size > 0)])

_THIRD = 0xAAAAAAAB  # modulo 2**32
_LEVELS = np.arange(-127, 128, dtype=np.int64)


@dataclass(frozen=True)
class WinogradRescale:
    """The short rescaling of an accumulator, saturated to int8. Without jumps, with jumps, and with jumps but slower:

        0: ((((accumulator + nudge) << scale) * mantissa >> 32) + offset) >> shift
        1: ((((accumulator << scale) + offset) * mantissa >> 32) + (jump if accumulator < 0 else 0)) >> shift
        2: (((accumulator << scale) * mantissa >> 32) + offset + (jump if accumulator < 0 else 0)) >> shift

    Arrays are int64 [filters].

    Attributes:
        scale: at least `LEAST_SCALE`, or `_NOT_USED` where the accumulator counts as 0; scaled sums fit 32 bits.
        mantissa, nudge, offset, jump: see the forms.
        shift: of all filters.
        jumps: which form it is.
    """

    scale: Array
    mantissa: Array
    nudge: Array
    offset: Array
    jump: Array
    shift: int
    jumps: int

    @property
    def factor(self) -> Array:
        """What the first column of a tile is multiplied by, modulo 2**32; the others by 2, 4 and 4 times this."""
        power = np.int64(_THIRD) << np.maximum(self.scale - LEAST_SCALE, 0)
        return np.where(self.scale == _NOT_USED, 0, power & 0xFFFFFFFF)

    def equal(self, steps: Steps) -> Array:
        """For each filter whether it is the contract on all accumulators that can occur."""
        rises = np.where(steps.first > steps.high[:, None], True, self._outputs(steps.first) >= _LEVELS)
        waits = np.where(steps.first == steps.low[:, None], True, self._outputs(steps.first - 1) < _LEVELS)
        return np.asarray(rises.all(axis=1) & waits.all(axis=1))

    def _outputs(self, accumulators: Array) -> Array:
        total = accumulators + self.nudge[:, None]
        scaled = np.where(self.scale[:, None] == _NOT_USED, 0, total << np.maximum(self.scale, 0)[:, None])
        offset, mantissa = self.offset[:, None], self.mantissa[:, None]
        jump = np.where(total < 0, self.jump[:, None], 0)
        if self.jumps == 1:
            product = ((scaled + offset) * mantissa >> 32) + jump
        else:
            product = (scaled * mantissa >> 32) + offset + jump
        return np.asarray(np.clip(product >> self.shift, -128, 127))


def winograd_rescale(bank: FilterBank) -> WinogradRescale | None:
    """The constants; None where there are none.

    With two roundings the form with jumps comes first, as nearly every layer has it: layers then share their code.
    """
    steps = bank.steps()
    found = _with_jumps(bank, steps) if bank.constants.rounding is Rounding.DOUBLE else None
    return found or _without_jumps(bank, steps)


def _room(bank: FilterBank, nudge: Array) -> Array:
    """By how many bits each filter's sums can be scaled."""
    largest = np.maximum(np.abs(bank.low + nudge), np.abs(bank.high + nudge))
    return np.array([31 - int(value).bit_length() for value in largest], np.int64)


def _without_jumps(bank: FilterBank, steps: Steps) -> WinogradRescale | None:
    short = fit(bank.constants, steps)
    if short is None:
        return None
    room = int(_room(bank, short.nudge).min())
    scales = [shift - short.shift for shift in _SHIFTS if LEAST_SCALE <= shift - short.shift <= room]
    if not scales:
        return None
    scale = scales[0]
    return WinogradRescale(
        scale=np.full(len(bank.bias), scale, np.int64),
        mantissa=short.mantissa,
        nudge=short.nudge,
        offset=short.offset << scale,
        jump=short.jump,
        shift=short.shift + scale,
        jumps=0,
    )


def _with_jumps(bank: FilterBank, steps: Steps) -> WinogradRescale | None:
    """The first shift at which the faster form can be had, else the first one of the other.

    In the faster form the offset stands before the multiplication, where it costs nothing.
    """
    largest = np.maximum(np.abs(bank.low), np.abs(bank.high))
    starts = [start for shift in _SHIFTS if (start := _rounded_twice(bank, largest, shift)) is not None]
    if _LARGEST_PRODUCT * int(largest.max()) < 1 << 31:
        for start in starts:
            found = _offset_first(start, largest, steps)
            if found is not None:
                return found
    return next((start for start in starts if start.equal(steps).all()), None)


def _rounded_twice(bank: FilterBank, largest: Array, shift: int) -> WinogradRescale | None:
    """Two roundings, ties away from zero: the first one's unit is 2**(shift - exponent) behind the multiplication.

    It moves the steps of negative sums by one such unit. None where scaled sums do not fit.
    """
    constants = bank.constants
    used = constants.mantissa > 0
    half_unit = np.where(used, shift + constants.exponent.astype(np.int64), 0)
    scale = np.maximum(half_unit + 1, LEAST_SCALE)
    if half_unit.min() < 0 or scale.max() > 31 or int((largest * used << scale).max()) >= 1 << 31:
        return None
    unit = np.int64(1) << half_unit
    return WinogradRescale(
        scale=np.where(used, scale, _NOT_USED),
        mantissa=np.where(used, constants.mantissa.astype(np.int64) >> (scale - half_unit - 1), 1 << 30),
        nudge=np.zeros_like(half_unit),
        offset=(constants.output_offset << shift) + (1 << (shift - 1)) + unit // 2,
        jump=np.where(used, -unit, 0),
        shift=shift,
        jumps=2,
    )


def _offset_first(start: WinogradRescale, largest: Array, steps: Steps) -> WinogradRescale | None:
    """The same with the offset divided by the mantissa; both are varied until what that rounds off does no harm."""
    mantissa, offset, done = start.mantissa, start.offset, np.zeros(len(start.offset), np.bool_)
    for change in _CHANGES:
        tried = np.clip(start.mantissa + change, 1, (1 << 31) - 1)
        for least in (0, 1):
            offset = np.where(done, offset, (start.offset << 32) // tried + least)
            mantissa = np.where(done, mantissa, tried)
            found = replace(start, mantissa=mantissa, offset=offset, jumps=1)
            scaled = np.where(start.scale == _NOT_USED, 0, largest << np.maximum(start.scale, 0))
            done = found.equal(steps) & (scaled + np.abs(offset) < 1 << 31)
            if done.all():
                return found
    return None
