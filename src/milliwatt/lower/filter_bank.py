# SPDX-License-Identifier: Apache-2.0
"""The filters of an int8 convolution as generated assembly takes them: raw inputs, zero point in the bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.rescale_fit import Steps, steps_of
from milliwatt.ops.accumulate import Rescale

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class FilterBank:
    """Filters as a matrix over the places of a widened patch.

    Attributes:
        weights: int64 [filters, places], 0 where a place holds no input.
        bias: int64 [filters], the sums over inputs of 0, the zero point taken into account.
        constants: multipliers, output zero point and range.
    """

    weights: Array
    bias: Array
    constants: Rescale

    @property
    def low(self) -> Array:
        """The least sum of each filter over all int8 inputs."""
        least: Array = np.minimum(self.weights * -128, self.weights * 127).sum(axis=1)
        return self.bias + least

    @property
    def high(self) -> Array:
        """The greatest sum of each filter over all int8 inputs."""
        most: Array = np.maximum(self.weights * -128, self.weights * 127).sum(axis=1)
        return self.bias + most

    def steps(self) -> Steps:
        """Where the contract's outputs change."""
        return steps_of(self.constants, self.low, self.high)

    def padded(self, *, filters: int, places: int) -> Array:
        """The weights with zeros up to a number of filters and of places."""
        count, inputs = self.weights.shape
        return np.pad(self.weights, ((0, filters - count), (0, places - inputs)))


def filter_bank(weights: Array, bias: Array | None, constants: Rescale, order: list[int]) -> FilterBank:
    """The filters of a convolution.

    Args:
        weights: int8 OHWI.
        bias: int32 [filters], or None.
        constants: of the layer.
        order: which byte of a patch, row by row, each place holds.
    """
    flat = weights.reshape(len(weights), -1).astype(np.int64)
    start = np.zeros(len(flat), np.int64) if bias is None else bias.reshape(-1).astype(np.int64)
    return FilterBank(flat[:, order], start + constants.input_offset * flat.sum(axis=1), constants)
