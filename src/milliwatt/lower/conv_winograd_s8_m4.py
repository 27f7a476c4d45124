# SPDX-License-Identifier: Apache-2.0
"""CONV_2D on int8, 3x3 and stride 1, by generated assembly for Cortex-M4 with FPU: exact Winograd F(2x4, 3x3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.filter_bank import FilterBank, filter_bank
from milliwatt.lower.live_bytes import spare_bytes
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.rescale_fit import checked
from milliwatt.lower.site import Site
from milliwatt.lower.window_distance import window_distance
from milliwatt.lower.winograd_geometry import winograd_geometry
from milliwatt.lower.winograd_rescale import WinogradRescale, winograd_rescale
from milliwatt.lower.winograd_strips import WinogradStrips, winograd_strips, worthwhile
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

OPERATORS = ("CONV_2D",)
RANK = -3

_MOST_SCRATCH = 1 << 17
_GROWTH = {"balanced": 1.5, "ram": 1.0}
"""How far the arena may grow for speed."""

_OFFSET = 256  # see mw_winograd.h
_CYCLES_BY_DOT_PRODUCTS = 1.1
"""Cycles per multiply-accumulate of the kernel that this one competes with."""


def matches(site: Site) -> bool:
    """Armv7E-M with FPU; one int8 image, 3x3 without groups and steps, channels in fours, the whole output range."""
    signature = site.signature
    data, weights = signature.input(0), signature.constant(1)
    core = site.core.dsp and site.core.fpu and site.optimize != "flash"
    if not core or data.dtype is not DType.INT8 or weights is None or data.shape[0] != 1:
        return False
    if signature.has_input(2) and signature.constant(2) is None:
        return False
    rows, columns = axes(signature)
    plain = all((axis.window, axis.stride, axis.dilation) == (3, 1, 1) for axis in (rows, columns))
    channels = weights.shape[3]
    if not plain or channels != data.shape[3] or channels % 4 or len(weights) % 2:
        return False
    constants = rescale(signature, len(weights), site.rounding)
    return constants.low == -128 and constants.high == 127


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """Strips of several heights, where they are faster than dot products; the first is the fastest for its scratch."""
    rows, columns = axes(site.signature)
    weights = _weights(site)
    limit = site.operator.macs(site.signature) * _CYCLES_BY_DOT_PRODUCTS
    ways = winograd_strips(rows, columns, in_c=weights.shape[3], out_c=len(weights))
    kept = [way for way in worthwhile(ways, room=_room(site)) if way.cycles < limit]
    if not kept:
        return
    bank = _bank(site)
    rescaled = winograd_rescale(bank)
    if rescaled is not None:
        for way in kept:
            yield (_call(site, way, bank, rescaled),)


def _room(site: Site) -> int:
    if site.optimize == "speed":
        return _MOST_SCRATCH
    return min(_MOST_SCRATCH, spare_bytes(site.graph, site.node, growth=_GROWTH[site.optimize]))


def _weights(site: Site) -> Array:
    weights = site.signature.constant(1)
    if weights is None:
        raise ValueError("the filter is not constant")
    return weights


def _bank(site: Site) -> FilterBank:
    weights = _weights(site)
    constants = rescale(site.signature, len(weights), site.rounding)
    return filter_bank(weights, site.signature.constant(2), constants, list(range(weights[0].size)))


def _call(site: Site, way: WinogradStrips, bank: FilterBank, rescaled: WinogradRescale) -> KernelCall:
    data, records = site.signature.input(0), _records(site, bank, rescaled)
    params: dict[str, int | float] = {
        "filters": way.filters,
        "turn": way.turn,
        "shift": rescaled.shift,
        "jumps": rescaled.jumps,
        "whole": int(way.whole),
    }
    geometry = winograd_geometry(way, zero=-bank.constants.input_offset, record_words=records.shape[1])
    arguments = (
        site.read(0),
        site.write(),
        Scratch(way.scratch, "uint32_t"),
        Table("weights", _taps(_weights(site))),
        Table("records", records),
        Table("geometry", geometry),
    )
    overlaps = site.in_place(0, distance=_distance(way, in_bytes=data.shape[3], out_bytes=way.out_c))
    return site.call("mw_conv_winograd_s8_m4", params, arguments, overlaps=overlaps)


def _distance(way: WinogradStrips, *, in_bytes: int, out_bytes: int) -> int:
    """A strip's input is read before any of its output is written."""
    line = Axis(input=1, output=1, window=1, stride=1, dilation=1, before=0)
    return window_distance(
        way.down,
        line,
        batches=1,
        in_bytes=way.across.input * in_bytes,
        out_bytes=way.across.output * out_bytes,
        pixels=2 * way.rows,
    )


def _taps(weights: Array) -> Array:
    """For every filter and every four channels nine words, one for each tap."""
    count, _, _, channels = weights.shape
    shaped = weights.reshape(count, 9, channels // 4, 4).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(shaped.astype(np.int8)).view(np.uint32).reshape(-1)


def _records(site: Site, bank: FilterBank, rescaled: WinogradRescale) -> Array:
    """For every filter: what each row of a tile starts from, factor, offset, mantissa, and jump if there are jumps."""
    columns = [
        *_starts(site, bank, rescaled.nudge),
        _wrapped(rescaled.factor),
        rescaled.offset,
        rescaled.mantissa,
    ]
    if rescaled.jumps:
        columns.append(rescaled.jump)
    return np.stack([checked(column) for column in columns], axis=1)


def _starts(site: Site, bank: FilterBank, nudge: Array) -> tuple[Array, Array]:
    """What is added to frequency 1 of the upper and of the lower row.

    A sum of 1 becomes -12 there. The four lines of data are _OFFSET larger than they should be, the second one by
    twice the zero point besides; frequency 1 has -6 times that, the other frequencies have none of it.
    """
    taps = _weights(site).astype(np.int64).sum(axis=(2, 3))
    upper, middle, lower = taps.T
    zero = -bank.constants.input_offset
    first, last = -6 * _OFFSET * upper, -6 * _OFFSET * lower
    sums = -6 * (_OFFSET + 2 * zero) * (upper + middle + lower)
    differences = -6 * _OFFSET * (upper - middle + lower)
    bias = -12 * (bank.bias + zero * taps.sum(axis=1) + nudge)
    return _wrapped(bias - (sums + differences - 2 * first)), _wrapped(bias - (sums - differences + 2 * last))


def _wrapped(values: Array) -> Array:
    return values.astype(np.int32).astype(np.int64)
