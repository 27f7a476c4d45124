# SPDX-License-Identifier: Apache-2.0
"""Rescaling accumulators by one multiplication and one shift, exactly: see runtime/include/mw_short_rescale.h.

A channel's multiplier is ``m / 2**(31 + e)``. Its weights and bias may be multiplied by a power of two 2**k, which
multiplies the accumulator a. Then three forms give TFLite's result; z is the output's zero point.

One rounding is ``floor((a m + 2**(30 + e)) / 2**(31 + e))``. With k = S + 1 - e this is ``(upper word of 2**k a m +
2**(S - 1)) >> S``, and S is the same for all channels.

Two roundings, where nothing below the zero point is stored (behind a ReLU): the inner rounding is ``x = floor((a m +
2**30) / 2**31)``. For x >= 0 the outer one is ``floor((x + 2**(e - 1)) / 2**e)``, so both are one floor of ``a m +
2**30 + 2**(30 + e)``; with k = S + 1 - e its constant is ``2**32 (2**(S - 1 - e) + 2**(S - 1))``. For x < 0 the outer
rounding and the formula both give 0 or less, which ends at the lowest output either way. Without an outer rounding
(e <= 0) the constant is the inner one's alone.

Two roundings otherwise: the rounded upper word of ``2 a m`` is x, and ``(x + 2**(e - 1) - [x < 0]) >> e`` the result.
The sign of a serves for that of x: they differ only for x = 0, where both give 0 as e >= 1. Channels keep their own e.

The zero point joins the constant as ``z 2**S``. Source of the contract: ops/fixed_point.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale

Array = npt.NDArray[Any]

_INT16 = (1 << 15) - 1
_INT32 = 1 << 31

_SHIFTS = (11, 12, 10, 9, 8, 7, 6, 13, 14, 15)
"""Shifts in the order in which they are tried: layers of equal shape share their code where the shift is equal."""


@dataclass(frozen=True)
class ShortRescale:
    """How a layer's accumulators become outputs; the parameters are those of ``struct mw_short_rescale``.

    Attributes:
        base, shift, rounded, negative, low, high: the parameters.
        mantissa: int64 [channels].
        scaling: int64 [channels], k: what the weights and the bias are shifted left by.
        own: int64 [channels], the channel's part of the rounding constant, or its shift; it fits 16 bits.
    """

    base: int
    shift: int
    rounded: int
    negative: int
    low: int
    high: int
    mantissa: Array
    scaling: Array
    own: Array

    @property
    def params(self) -> dict[str, int | float]:
        """The parameters by name."""
        names = ("base", "shift", "rounded", "negative", "low", "high")
        return {name: int(getattr(self, name)) for name in names}

    @property
    def nudge(self) -> Array:
        """The rounding constants with the zero point, as int64 [channels]."""
        if self.shift >= 0:
            return self.base + self.own
        nudge: Array = self.base << (self.own - 1)
        return nudge

    def evaluate(self, sums: Array, channel: int) -> Array:
        """The outputs of one channel's accumulators, not yet scaled; the kernels' second implementation."""
        scaled = sums.astype(np.int64) << self.scaling[channel]
        product = scaled * self.mantissa[channel] + (_INT32 if self.rounded else 0)
        value = (product >> 32) + self.nudge[channel] - (self.negative & (scaled < 0))
        shift = self.shift if self.shift >= 0 else self.own[channel]
        limited: Array = np.clip(value >> shift, self.low, self.high)
        return limited


def short_rescale(
    constants: Rescale, *, low: Array, high: Array, largest: Array, small: bool = False
) -> ShortRescale | None:
    """The short form of a layer, or None when it has none.

    Args:
        constants: multipliers, zero point, range and rounding.
        low, high: int64 [channels], bounds of the accumulators with their bias.
        largest: int64 [channels], the largest magnitude among the weights.
        small: whether all channels must be scaled alike, by 1 or 2, so that weights can be stored as they are.
    """
    reach = np.maximum(np.maximum(-low, high), 1)
    exponent = -constants.exponent.astype(np.int64)
    mantissa = constants.mantissa.astype(np.int64)
    # A quarter of an output at most: every rounding gives the zero point.
    constant = reach * mantissa < np.int64(1) << np.clip(29 + exponent, 0, 62)
    mantissa = np.where(constant, 0, mantissa)
    exponent = np.where(constant, _middle(exponent[~constant]), exponent)
    forms = _alike(constants, mantissa, exponent) if small else _forms(constants, mantissa, exponent)
    return next((form for form in forms if _fits(form, reach, largest)), None)


def _fits(form: ShortRescale, reach: Array, largest: Array) -> bool:
    """Whether weights and own constants fit 16 bits, and accumulators and products 32."""
    scaled = reach << np.clip(form.scaling, 0, 31)
    product = (scaled.astype(object) * form.mantissa.astype(object)) // (1 << 32) + 1
    return bool(
        form.scaling.min() >= 0
        and form.own.min() >= 0
        and form.own.max() <= _INT16
        and (largest << np.clip(form.scaling, 0, 31)).max() <= _INT16
        and scaled.max() < _INT32
        and (product + np.abs(form.nudge)).max() < _INT32 - 1
    )


def _alike(constants: Rescale, mantissa: Array, exponent: Array) -> list[ShortRescale]:
    """The forms that scale all channels by 1 or 2."""
    if constants.rounding is Rounding.SINGLE:
        return [_own_single(constants, mantissa, exponent)] if exponent.min() > 1 else []
    if (exponent == 0).all():
        return [_inner(constants, mantissa, exponent)]
    return [_double(constants, mantissa, exponent)] if exponent.min() > 0 else []


def _middle(exponents: Array) -> int:
    """An exponent that suits all the others."""
    return int(np.median(exponents)) if exponents.size else 1


def _forms(constants: Rescale, mantissa: Array, exponent: Array) -> list[ShortRescale]:
    """The forms that are exact if they fit, short ones first."""
    double = constants.rounding is Rounding.DOUBLE
    forms = []
    if not double or constants.low >= constants.output_offset:
        # The least shift leaves the weights smallest, and serves the greatest spread of multipliers.
        most = int(exponent.max())
        least = max(1, most + 1 if double else most - 1)
        shifts = [*(shift for shift in _SHIFTS if shift > least), least]
        forms = [_shared(constants, mantissa, exponent, shift) for shift in shifts]
    if not double:
        return forms
    if (exponent <= 0).all():
        forms.append(_inner(constants, mantissa, exponent))
    elif (exponent > 0).all():
        forms.append(_double(constants, mantissa, exponent))
    return forms


def _shared(constants: Rescale, mantissa: Array, exponent: Array, shift: int) -> ShortRescale:
    """One floor for all roundings, and one shift for all channels."""
    inner = np.zeros_like(exponent)
    outer = 1 << (shift - 1)
    if constants.rounding is Rounding.DOUBLE:
        twice = exponent > 0
        inner = np.where(twice, np.int64(1) << np.clip(shift - 1 - exponent, 0, 30), 0)
    return _form(
        constants,
        base=outer + (constants.output_offset << shift),
        shift=shift,
        mantissa=mantissa,
        scaling=shift + 1 - exponent,
        own=inner,
    )


def _inner(constants: Rescale, mantissa: Array, exponent: Array) -> ShortRescale:
    """Two roundings of multipliers of 1/2 or more: the outer one does nothing."""
    none = np.zeros_like(exponent)
    base = constants.output_offset
    return _form(
        constants, base=base, shift=0, mantissa=mantissa, scaling=1 - exponent, own=none, rounded=True
    )


def _double(constants: Rescale, mantissa: Array, exponent: Array) -> ShortRescale:
    """Two roundings, one after the other."""
    base, shift, own = _own(constants, exponent)
    return _form(
        constants,
        base=base,
        shift=shift,
        mantissa=mantissa,
        scaling=np.ones_like(exponent),
        own=own,
        rounded=True,
        negative=constants.low < constants.output_offset,
    )


def _own_single(constants: Rescale, mantissa: Array, exponent: Array) -> ShortRescale:
    """One rounding, with S = e - 1 and so without scaling."""
    base, shift, own = _own(constants, exponent - 1)
    nothing = np.zeros_like(exponent)
    return _form(constants, base=base, shift=shift, mantissa=mantissa, scaling=nothing, own=own)


def _own(constants: Rescale, shifts: Array) -> tuple[int, int, Array]:
    """Base, shift and own constants where every channel has its shift, unless it is the same for all."""
    base = 2 * constants.output_offset + 1
    if shifts.min() == shifts.max():
        shift = int(shifts[0])
        return base << (shift - 1), shift, np.zeros_like(shifts)
    return base, -1, shifts


def _form(
    constants: Rescale,
    *,
    base: int,
    shift: int,
    mantissa: Array,
    scaling: Array,
    own: Array,
    rounded: bool = False,
    negative: bool = False,
) -> ShortRescale:
    return ShortRescale(
        base=base,
        shift=shift,
        rounded=int(rounded),
        negative=int(negative),
        low=constants.low,
        high=constants.high,
        mantissa=mantissa,
        scaling=scaling,
        own=own,
    )
