# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D on int8 whose only window covers the whole image, on a core with hand-allocated code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.depthwise_records import rescaling, suits
from milliwatt.lower.depthwise_s8_dsp import filters_of
from milliwatt.lower.matrix_layer import covering_taps
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.short_rescale import ShortRescale
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import Filters
from milliwatt.ops.depthwise_conv_2d import axes

Array = npt.NDArray[Any]

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -3

_GROUP = 4


def matches(site: Site) -> bool:
    """One image, channels a multiple of four, one window that covers all of it."""
    batches, _, _, channels = site.signature.input(0).shape
    covered = all(covering_taps(axis) is not None for axis in axes(site.signature))
    return batches == 1 and channels % _GROUP == 0 and covered and suits(site, saved=5, small=True)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    filters = _inside(site)
    short = rescaling(filters, small=True)
    if short is None:
        return
    channels, taps = filters.weights.shape
    params = {"channels": channels, "taps": taps, "doubled": int(short.scaling[0]), **short.params}
    arguments = (site.read(0), site.write(), Table("records", _records(filters, short)))
    yield (site.call("mw_depthwise_column_s8_m4", params, arguments, overlaps=site.in_place(0)),)


def _inside(site: Site) -> Filters:
    """The filters without taps on padding, which add nothing."""
    filters = filters_of(site)
    rows, columns = axes(site.signature)
    grid = filters.weights.reshape(-1, rows.window, columns.window)
    down, across = covering_taps(rows), covering_taps(columns)
    if down is None or across is None:
        raise ValueError("the window does not cover the image")
    return replace(filters, weights=grid[:, down, across].reshape(len(grid), -1))


def _records(filters: Filters, short: ShortRescale) -> Array:
    """The words of every four channels one behind the other, as int32 [channels / 4, words]."""
    weights = filters.weights.astype(np.int8)
    bias = filters.bias + filters.constants.input_offset * weights.astype(np.int64).sum(axis=1)
    groups = weights.reshape(-1, _GROUP, weights.shape[1])
    # Per two taps: channels 0 and 1 of both, then channels 2 and 3 of both.
    paired = groups[:, :, : weights.shape[1] // 2 * 2].reshape(len(groups), 2, 2, -1, 2)
    columns = [_words(bias), _bytes(paired.transpose(0, 3, 1, 4, 2))]
    if weights.shape[1] % 2:
        columns.append(_bytes(groups[:, :, -1]))
    columns.append(_words(short.mantissa))
    if short.shift < 0:
        columns.append(_bytes((short.own - 1).astype(np.int8).reshape(-1, _GROUP)))
    return np.concatenate(columns, axis=1)


def _words(values: Array) -> Array:
    return values.astype(np.int32).reshape(-1, _GROUP)


def _bytes(values: Array) -> Array:
    return np.ascontiguousarray(values).reshape(len(values), -1).view("<i4").astype(np.int32)
