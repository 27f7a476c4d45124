# SPDX-License-Identifier: Apache-2.0
"""Constants of a short rescaling that equals the contract's on every accumulator that can occur.

The contract (ops/fixed_point.py) is a step function of the accumulator, and so is the short form

    ((sum * 2**scale * mantissa >> 32) + offset + (jump if sum < 0 else 0)) >> (shift + scale)

of sum = accumulator + nudge, limited to int8. Two rising step functions with the same steps are equal. So the steps
of the contract are found by bisection, constants are fitted to them, and the fit is checked at both sides of every
step and at both ends.
With ``shift`` the same for all channels, it is an immediate operand of SSAT.

The idea to search a fixed-point form for thresholds is that of integer division by constants (Granlund and
Montgomery, "Division by invariant integers using multiplication", PLDI 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale

Array = npt.NDArray[Any]

SHIFTS = (5, 6, 7, 4, 8, 9, 10, 11, 12, 3, 2, 1)
"""Shifts in the order in which they are tried: layers of equal shape share their code where the shift is equal."""

SMALL_FIRST = tuple(sorted(SHIFTS, key=lambda shift: (shift < 4, abs(shift - 4))))
"""The order for code that many layers share: few layers have no form with the first one."""

NUDGES = (1 << 10, 1 << 13, 1 << 15)
"""How far accumulators may be moved to make up for the missing fraction of ``offset``, tried in this order."""

_LEVELS = np.arange(-127, 128, dtype=np.int64)
_LARGEST_MANTISSA = (1 << 31) - 1
_LARGEST_OFFSET = 1 << 22  # scaled by 256 it is still less than half of what 32 bits hold
_NEVER = 1 << 61


@dataclass(frozen=True)
class Steps:
    """The contract as a step function.

    Attributes:
        low, high: int64 [channels], the least and the greatest accumulator that can occur.
        first: int64 [channels, 255], the least accumulator in low..high whose output is at least -127, …, 127;
            high + 1 where there is none.
    """

    low: Array
    high: Array
    first: Array


@dataclass(frozen=True)
class ShortRescale:
    """Constants of the short form: see the module. int64 arrays of one entry per channel."""

    mantissa: Array
    nudge: Array
    offset: Array
    jump: Array
    shift: int
    scale: int

    def outputs(self, accumulators: Array) -> Array:
        """The short form on accumulators [channels, any]."""
        total = accumulators + self.nudge[:, None]
        jump = np.where(total < 0, self.jump[:, None], 0)
        product = (total << self.scale) * self.mantissa[:, None] >> 32
        shifted: Array = (product + self.offset[:, None] + jump) >> (self.shift + self.scale)
        return np.minimum(np.maximum(shifted, -128), 127)

    def equals(self, steps: Steps) -> bool:
        """Whether it is the contract on all accumulators that can occur."""
        rises = np.where(steps.first > steps.high[:, None], True, self.outputs(steps.first) >= _LEVELS)
        waits = np.where(steps.first == steps.low[:, None], True, self.outputs(steps.first - 1) < _LEVELS)
        return bool(rises.all() and waits.all())


def steps_of(constants: Rescale, low: Array, high: Array) -> Steps:
    """The steps of the contract, by bisection. The output range must be all of int8."""
    left = np.repeat(low[:, None], len(_LEVELS), axis=1)
    right = np.repeat(high[:, None] + 1, len(_LEVELS), axis=1)
    while np.any(left < right):
        middle = (left + right) >> 1
        output = constants.applied(middle.T).T + constants.output_offset
        right = np.where(output >= _LEVELS, middle, right)
        left = np.where(output >= _LEVELS, left, np.minimum(middle + 1, right))
    return Steps(low, high, left)


def fit(
    constants: Rescale, steps: Steps, *, base: Array | None = None, shifts: Sequence[int] = SHIFTS
) -> ShortRescale | None:
    """The short form without jumps at scale 0; None where there is none.

    Args:
        constants: of the contract.
        steps: of the contract.
        base: int64 [channels], what each nudge should be close to: 0 where it is not given.
        shifts: to try, in order.
    """
    near = np.zeros(len(constants.mantissa), np.int64) if base is None else base
    largest = _largest_shift(constants)
    for shift in shifts:
        if shift <= largest:
            fitted = _fit_channels(constants, steps, near, shift)
            if fitted is not None and np.abs(fitted.offset).max() < _LARGEST_OFFSET and fitted.equals(steps):
                return fitted
    return None


def fit_with_jumps(constants: Rescale, steps: Steps, *, scale: int) -> ShortRescale | None:
    """The short form with the constants that imitate two roundings, ties away from zero; None where it fails.

    A channel's first rounding is to units of 2**-exponent outputs, and moves the steps of negative
    accumulators by one such unit.
    """
    exponent = -constants.exponent.astype(np.int64)
    shift = _largest_shift(constants)
    finer = np.where(constants.mantissa > 0, exponent - 1 - shift, 0)
    if not 1 <= shift <= 31 - scale - 8 or finer.max() > scale:
        return None
    unit = np.int64(1) << (scale - finer)
    half = np.int64(1) << (shift + scale - 1)
    fitted = ShortRescale(
        mantissa=constants.mantissa.astype(np.int64) >> finer,
        nudge=np.zeros_like(exponent),
        offset=(constants.output_offset << (shift + scale)) + half + unit // 4,
        jump=-(unit // 2),
        shift=shift,
        scale=scale,
    )
    return fitted if fitted.equals(steps) else None


def _largest_shift(constants: Rescale) -> int:
    """The shift at which the largest multiplier's mantissa is the contract's own; at larger ones it exceeds int32."""
    used = -constants.exponent[constants.mantissa > 0]
    return int(used.min()) - 1 if used.size else SHIFTS[0]


def _fit_channels(constants: Rescale, steps: Steps, base: Array, shift: int) -> ShortRescale | None:
    """First the contract's own numbers, which one rounding needs no search for; then channel by channel."""
    finer = np.maximum(-constants.exponent.astype(np.int64) - 1 - shift, 0)
    nothing = np.zeros(len(finer), np.int64)
    offset = nothing + (constants.output_offset << shift) + (1 << (shift - 1))
    mantissa = np.where(finer < 32, constants.mantissa.astype(np.int64) >> np.minimum(finer, 32), 0)
    plain = ShortRescale(mantissa, nothing, offset, nothing, shift, 0)
    if constants.rounding is Rounding.SINGLE and not base.any() and plain.equals(steps):
        return plain
    found = []
    for channel in range(len(finer)):
        goal = _Goal(int(mantissa[channel]), int(base[channel]), constants.output_offset, 32 + shift)
        constants_of_channel = _fit_channel(steps, channel, goal)
        if constants_of_channel is None:
            return None
        found.append(constants_of_channel)
    columns = np.array(found, np.int64).T
    return ShortRescale(columns[0], columns[1], columns[2], nothing, shift, 0)


@dataclass(frozen=True)
class _Goal:
    """What a channel's constants should be close to: the mantissa, the nudge and the zero point; bits to shift by."""

    mantissa: int
    nudge: int
    zero: int
    bits: int


def _fit_channel(steps: Steps, channel: int, goal: _Goal) -> tuple[int, int, int] | None:
    """(mantissa, nudge, offset) with floor((accumulator * mantissa + constant) / 2**bits) the contract's output.

    The constant is nudge * mantissa + offset * 2**32, and must lie in an interval that the steps leave.
    """
    low, high, first = int(steps.low[channel]), int(steps.high[channel]), steps.first[channel]
    rises, waits = first <= high, first > low
    candidates = _mantissas(first, rises, waits, goal.bits)
    if candidates is None:
        return None
    # Where few steps occur almost any slope serves: one near the contract's keeps the offset small.
    real = goal.mantissa
    candidates = np.clip(candidates, max(0, real - real // 64), real + real // 64 + 1)
    goals = _LEVELS << goal.bits
    # Likewise a constant near that of the contract, where few steps bind it.
    usual, around = (goal.zero << goal.bits) + (1 << (goal.bits - 1)), 1 << (goal.bits + 2)
    least = np.where(rises, goals - first * candidates[:, None], usual - around).max(axis=1)
    most = np.where(waits, goals - 1 - (first - 1) * candidates[:, None], usual + around).min(axis=1)
    kept = least <= most
    return _nudge(candidates[kept], least[kept], most[kept], base=goal.nudge)


def _mantissas(first: Array, rises: Array, waits: Array, bits: int) -> Array | None:
    """Up to 17 mantissas spread over those for which some constant exists.

    From level k rising at ``first[k]`` and level l not yet reached at ``first[l] - 1`` follows
    (first[l] - 1 - first[k]) * mantissa < (l - k) * 2**bits.
    """
    distance = (first[waits] - 1)[None, :] - first[rises][:, None]
    limit = ((_LEVELS[waits][None, :] - _LEVELS[rises][:, None]) << bits) - 1
    above, below = distance > 0, distance < 0
    most = int((limit[above] // distance[above]).min(initial=_LARGEST_MANTISSA))
    least = int(-(limit[below] // -distance[below]).min(initial=0)) if below.any() else 0
    if least > most or bool((limit[distance == 0] < 0).any()):
        return None
    return np.unique(np.linspace(least, most, 19).astype(np.int64)[1:-1])


def _nudge(mantissas: Array, least: Array, most: Array, *, base: int) -> tuple[int, int, int] | None:
    """The constants of the nudge closest to base that puts the constant between least and most."""
    for reach in NUDGES:
        nudges = np.arange(base - reach, base + reach + 1, dtype=np.int64)
        missing = least[:, None] - nudges * mantissas[:, None]
        offsets = -(-missing >> 32)
        fits = (offsets << 32) - missing <= (most - least)[:, None]
        if fits.any():
            cost = np.where(fits, np.abs(nudges - base), _NEVER)
            row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
            return int(mantissas[row]), int(nudges[column]), int(offsets[row, column])
    return None


def checked(values: Sequence[int] | Array) -> Array:
    """Constants as int32.

    Raises:
        OverflowError: one does not fit.
    """
    wide = np.asarray(values, np.int64)
    if wide.size and not -(1 << 31) <= int(wide.min()) <= int(wide.max()) < 1 << 31:
        raise OverflowError("a rescaling constant does not fit 32 bits")
    return wide.astype(np.int32)
