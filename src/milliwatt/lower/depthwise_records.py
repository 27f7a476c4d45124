# SPDX-License-Identifier: Apache-2.0
"""What the hand-allocated depthwise kernels share: which layers suit them, and their channels' records."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph
from milliwatt.lower.depthwise_s8_dsp import filters_of
from milliwatt.lower.short_rescale import ShortRescale, short_rescale
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import Filters
from milliwatt.ops import find, signature
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

_MOST_CHANNELS = 1023
"""LDRB reaches four pixels further."""

_LEAST_SAVED = 1 / 60
"""Cycles per multiply-accumulate of the whole graph that a kilobyte of code for one shape must save where the user
wants a balance: about one in a hundred."""


def suits(site: Site, *, saved: float, small: bool = False) -> bool:
    """Armv7E-M with FPU; int8; one constant filter a channel, constant bias; a short rescaling; worth its code.

    Args:
        site: the node.
        saved: about how many cycles per multiply-accumulate the hand-allocated kernel saves.
        small: whether weights are to be stored as they are.
    """
    signature = site.signature
    weights = signature.constant(1)
    fit = site.core.dsp and site.core.fpu and site.optimize != "flash"
    if not fit or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    channels = signature.input(0).shape[3]
    if signature.has_input(2) and signature.constant(2) is None:
        return False
    if weights.shape[3] != channels or channels > _MOST_CHANNELS:
        return False
    worth = site.optimize != "balanced" or saved * _macs_of_shape(site) >= _LEAST_SAVED * _macs(site.graph)
    return worth and rescaling(filters_of(site), small=small) is not None


def _macs_of_shape(site: Site) -> int:
    """Multiply-accumulates of all nodes of the graph that can share this node's code."""
    values, node = site.graph.values, site.node
    equal = sum(
        other.op == node.op
        and [values[str(name)].shape for name in other.inputs[:2]]
        == [values[str(name)].shape for name in node.inputs[:2]]
        for other in site.graph.nodes
    )
    return equal * site.operator.macs(site.signature)


def _macs(graph: Graph) -> int:
    """Multiply-accumulates of a graph."""
    return sum(find(node.op).macs(signature(graph, node)) for node in graph.nodes)


def three_taps(axis: Axis, *, stride: int) -> bool:
    """Three taps, that stride, and at most one element outside at either end."""
    plain = axis.window == 3 and axis.stride == stride and axis.dilation == 1
    return plain and axis.before in (0, 1) and axis.after in (0, 1) and axis.output >= 1


def rescaling(filters: Filters, *, small: bool = False) -> ShortRescale | None:
    """How the accumulators become outputs, when it is short; ``small``: with weights as they are, or doubled."""
    low, high = filters.extremes
    largest = np.abs(filters.weights.astype(np.int64)).max(axis=1)
    return short_rescale(filters.constants, low=low, high=high, largest=largest, small=small)


def scaled(site: Site, *, small: bool = False) -> tuple[ShortRescale, Array, Array]:
    """The rescaling, the weights int64 [channels, taps] and the biases int64 [channels], both scaled for it.

    The biases take back the input's zero point from all taps.

    Raises:
        ValueError: there is no short rescaling.
    """
    filters = filters_of(site)
    short = rescaling(filters, small=small)
    if short is None:
        raise ValueError("the accumulators have no short rescaling")
    taps = filters.weights.astype(np.int64) << short.scaling[:, None]
    zero_point = -filters.constants.input_offset
    return short, taps, (filters.bias << short.scaling) - zero_point * taps.sum(axis=1)


def records_3x3(short: ShortRescale, taps: Array, bias: Array, *, pair: tuple[int, int]) -> Array:
    """Seven words per channel, as int32 [channels, 7]: see the kernels.

    Args:
        short: the rescaling.
        taps: int64 [channels, 3, 3], scaled.
        bias: int64 [channels], scaled.
        pair: the columns of the two weights of a row that stand together.
    """
    (single,) = {0, 1, 2} - set(pair)
    words = [
        *(_halves(taps[:, row, pair[0]], taps[:, row, pair[1]]) for row in range(3)),
        _halves(taps[:, 0, single], taps[:, 1, single]),
        _halves(short.own, taps[:, 2, single]),
        bias,
        short.mantissa,
    ]
    return np.stack([word.astype(np.int64).astype(np.int32) for word in words], axis=1)


def _halves(low: Array, high: Array) -> Array:
    return (low & 0xFFFF) | (high << 16)
