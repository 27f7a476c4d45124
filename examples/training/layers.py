# SPDX-License-Identifier: Apache-2.0
"""The layers that the example networks are made of.

Data is [batch, height, width, channels] or [batch, units].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Pair = tuple[int, int]


@dataclass(frozen=True)
class Conv:
    """Convolution with SAME padding, batch normalisation and ReLU. Pairs are (height, width)."""

    filters: int
    kernel: Pair
    stride: Pair = (1, 1)


@dataclass(frozen=True)
class Depthwise:
    """One filter per channel with SAME padding, batch normalisation and ReLU."""

    kernel: Pair
    stride: Pair = (1, 1)


@dataclass(frozen=True)
class AveragePool:
    """The mean of every channel: [batch, height, width, channels] to [batch, channels]."""


@dataclass(frozen=True)
class Dense:
    """Fully connected layer, with batch normalisation and ReLU when it is hidden."""

    units: int
    hidden: bool = False


@dataclass(frozen=True)
class Softmax:
    """Class probabilities; the loss of training is taken on its input."""


Layer = Conv | Depthwise | AveragePool | Dense | Softmax


def separable(filters: int, kernel: Pair, stride: Pair = (1, 1)) -> tuple[Layer, ...]:
    """A depthwise and a pointwise convolution: the block of DS-CNN (Zhang et al., arXiv:1711.07128)."""
    return (Depthwise(kernel, stride), Conv(filters, (1, 1)))


def classifier(features: Sequence[Layer], classes: int) -> tuple[Layer, ...]:
    """Feature layers, average pool, one fully connected layer, softmax."""
    return (*features, AveragePool(), Dense(classes), Softmax())
