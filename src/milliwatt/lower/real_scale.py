# SPDX-License-Identifier: Apache-2.0
"""Fixed-point multipliers that round as a product in double precision does, ties away from zero (`Rounding.REAL`).

A multiplier of 31 bits that lies a little above the scale moves ties off the tie, so that rounding to nearest takes
them away from zero on both sides; nothing else may be moved over one. Whether there is such a multiplier follows from
the accumulators at which the output changes: `in_one_word` finds it, and the kernels of one rounding then serve.
Otherwise the product itself is imitated: `two_words`, for mw_requantize_real.h.

Let |a| = T[k] be the least magnitude whose output, without its zero point, has the magnitude k. A multiplier m / 2**s
has the same outputs if (2 k - 1) 2**(s - 1) / T[k] < m < (2 k - 1) 2**(s - 1) / (T[k] - 1) for all k that occur.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale
from milliwatt.ops.fixed_point import requantize_real

Array = npt.NDArray[Any]

_WORD = 1 << 31
_LARGEST = 1 << 31
"""The largest magnitude of an accumulator."""


def in_one_word(constants: Rescale) -> Rescale:
    """The same outputs by one rounding in fixed point; the constants themselves where there is no such multiplier."""
    if constants.scale is None:
        return constants
    levels = max(constants.high - constants.output_offset, constants.output_offset - constants.low, 1)
    found: dict[float, int | None] = {}
    mantissas = []
    for scale, mantissa, exponent in zip(
        constants.scale, constants.mantissa, constants.exponent, strict=True
    ):
        if scale not in found:
            found[scale] = _nearest(float(scale), levels, int(mantissa), int(exponent))
        mantissas.append(found[scale])
    if None in mantissas:
        return constants
    return replace(constants, mantissa=np.array(mantissas, np.int32), rounding=Rounding.SINGLE, scale=None)


def _nearest(scale: float, levels: int, mantissa: int, exponent: int) -> int | None:
    """The multiplier of 31 bits nearest to ``mantissa`` that has the outputs of the scale."""
    first = _first(scale, levels)
    low, high = 0, _WORD - 1
    for level, least in enumerate(first.tolist(), start=1):
        if least > _LARGEST:
            break
        tie = (2 * level - 1) << (30 - exponent)
        low = max(low, tie // least + 1)
        if least > 1:
            high = min(high, -(-tie // (least - 1)) - 1)
    return min(max(mantissa, low), high) if low <= high else None


def _first(scale: float, levels: int) -> Array:
    """T[1..levels], int64; more than `_LARGEST` where no accumulator has the output."""
    wanted = np.arange(1, levels + 1)
    with np.errstate(over="ignore", divide="ignore"):
        near = np.ceil(np.minimum((wanted - 0.5) / np.float64(scale), 2.0 * _LARGEST)).astype(np.int64)
    tried = np.maximum(near[:, None] + np.arange(-2, 3), 1)
    reached = requantize_real(tried, scale) >= wanted[:, None]
    # The last one is beyond the tie by more than a unit, unless no accumulator reaches it.
    return np.where(reached.any(axis=1), tried[np.arange(levels), reached.argmax(axis=1)], 2 * _LARGEST)


def two_words(constants: Rescale) -> tuple[Array, Array]:
    """Scales as significands of 53 bits, int32 [channels, 2], the lower word first; and exponents, int32 [channels].

    A scale is significand / 2**53 * 2**exponent, and at most 2**100, with which every result saturates.
    """
    if constants.scale is None:
        raise ValueError("these constants round in fixed point")
    fraction, exponent = np.frexp(np.clip(constants.scale, 2.0**-100, 2.0**100))
    significand = (fraction * 2.0**53).astype(np.uint64)
    words = np.stack([significand & np.uint64(0xFFFFFFFF), significand >> np.uint64(32)], axis=1)
    return words.astype(np.uint32).view(np.int32), exponent.astype(np.int32)
