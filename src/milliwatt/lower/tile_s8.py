# SPDX-License-Identifier: Apache-2.0
"""What the int8 kernels with DSP instructions need: packed weights, channel records, and the proofs that they fit.

See runtime/include/mw_tile_s8.h and mw_rescale_short.h for what is packed, and why the bounds are these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale

Array = npt.NDArray[Any]

QUAD = (0, 2, 1, 3)
"""The order in which SXTB16 leaves the four bytes of a word: those of even index, then those of odd index."""

_SHORT_LIMIT = 1 << 30
_PACKED_LIMIT = 1 << 23
_LARGEST_HALVING = 22


@dataclass(frozen=True)
class Filters:
    """Filters as a matrix, with what becomes of their accumulators.

    Attributes:
        weights: int8 [filters, inputs], the inputs in the order in which the kernel reads them.
        bias: int64 [filters], the initial accumulators.
        constants: zero points, multipliers and range.
    """

    weights: Array
    bias: Array
    constants: Rescale

    @property
    def extremes(self) -> tuple[Array, Array]:
        """Lowest and highest accumulator of each filter over all inputs; any inputs may be padding."""
        offset = self.constants.input_offset
        low, high = -128 + offset, 127 + offset
        wide = self.weights.astype(np.int64)
        products = np.stack([wide * low, wide * high, np.zeros_like(wide)])
        return (
            self.bias + products.min(axis=0).sum(axis=1),
            self.bias + products.max(axis=0).sum(axis=1),
        )

    @property
    def halving(self) -> Array:
        """One less than each channel's final shift; for a multiplier of 0 any will do."""
        less = 1 if self.constants.rounding is Rounding.DOUBLE else 2
        shift = -self.constants.exponent.astype(np.int64) - less
        return np.where(self.constants.mantissa == 0, 1, shift)

    @property
    def short(self) -> bool:
        """Whether `mw_rescale_short` is exact for every channel."""
        low, high = self.extremes
        bounded = low.min() > -_SHORT_LIMIT and high.max() < _SHORT_LIMIT
        return bool(bounded and self.halving.min() >= 0 and self.halving.max() <= _LARGEST_HALVING)

    @property
    def packable(self) -> bool:
        """Whether the filters of even index fit the upper bytes of packed weights.

        The number 256 f + g must be an int16, and the accumulator of f must stay within 24 bits.
        """
        low, high = self.extremes
        upper, lower = self.weights[0::2].astype(np.int64), self.weights[1::2].astype(np.int64)
        lower = np.pad(lower, ((0, len(upper) - len(lower)), (0, 0)))
        numbers = 256 * upper + lower
        bounded = low[0::2].min() >= -_PACKED_LIMIT and high[0::2].max() < _PACKED_LIMIT
        return bool(bounded and numbers.min() >= -(1 << 15))

    def words(self, *, multiple: int) -> int:
        """Words of weights for two filters: two inputs a word, rounded up to a multiple."""
        turns = -(-int(self.weights.shape[1]) // (2 * multiple))
        return turns * multiple


def pack(filters: Filters, *, words: int, group: int, packed: bool) -> Array:
    """Weights as the tiles read them, as uint32 [groups of filters, words, group / 2].

    Filters and inputs that are missing to a full group or word are 0.

    Args:
        filters: the filters.
        words: words of two inputs each.
        group: filters that are computed at a time, even.
        packed: 256 f + g instead of two bytes.
    """
    count, inputs = filters.weights.shape
    rows = -(-count // group) * group
    padded = np.zeros((rows, 2 * words), np.int32)
    padded[:count, :inputs] = filters.weights
    shaped = padded.reshape(rows // group, group // 2, 2, words, 2)
    upper, lower = shaped[:, :, 0], shaped[:, :, 1]
    halves = (256 * upper + (lower if packed else lower & 0xFF)) & 0xFFFF
    joined = (halves[..., 0] | (halves[..., 1] << 16)).astype(np.uint32)
    return np.ascontiguousarray(joined.transpose(0, 2, 1))


def channel_records(filters: Filters, *, group: int, packed: bool, folded: bool = False) -> Array:
    """For every two filters f and g: initial accumulators, mantissas, halvings, as int32 [pairs, 6].

    Args:
        filters: the filters.
        group: filters that are computed at a time, even.
        packed: whether the weights are packed.
        folded: start from the bias minus the input's zero point times the weights, for inputs as they are stored.
    """
    count = len(filters.bias)
    offset = filters.constants.input_offset if folded else 0
    bias = filters.bias + offset * filters.weights.astype(np.int64).sum(axis=1)
    rows = -(-count // group) * group

    def pairs(values: Array) -> Array:
        return np.pad(values.astype(np.int64), (0, rows - count)).reshape(-1, 2)

    start = pairs(bias)
    if packed:
        # The sum 256 F + G wraps modulo 2**32 like the accumulator that it starts.
        start = np.stack([256 * start[:, 0] + start[:, 1], start[:, 1]], axis=1)
    records = np.concatenate([start, pairs(filters.constants.mantissa), pairs(filters.halving)], axis=1)
    return records.astype(np.int32)


def unroll(words: int, *, largest: int) -> int:
    """The most words per turn of an inner loop that divide them: a power of two."""
    turn = largest
    while words % turn:
        turn //= 2
    return turn


def output_params(constants: Rescale) -> dict[str, int | float]:
    """The output's parameters that all these kernels share; its zero point comes in a table."""
    return {
        "low": constants.low,
        "high": constants.high,
        "rounding": int(constants.rounding),
        "rectified": int(constants.low >= constants.output_offset),
    }
