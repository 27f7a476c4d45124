# SPDX-License-Identifier: Apache-2.0
"""CONV_2D on int8 by generated assembly for Cortex-M4 with FPU."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.conv_2d import distance
from milliwatt.lower.filter_bank import FilterBank, filter_bank
from milliwatt.lower.inner_loop import InnerLoop
from milliwatt.lower.paired_filters import PairedFilters, pair_filters
from milliwatt.lower.patch_bands import QUAD, PatchBands, patch_bands
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.scratch_room import scratch_room
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes

OPERATORS = ("CONV_2D",)
RANK = -2

_LARGEST_FILTERS = 2000  # so that immediate offsets reach the outputs of every pixel of a group
_LOOP = InnerLoop(step_bytes=48, step_cycles=15, quad_bytes=200, group_bytes=100, word_bytes=28)
_COPYING_PAYS = 3  # groups of pixels from which on weights are read from RAM


def matches(site: Site) -> bool:
    """Armv7E-M with FPU; one image of int8, a constant filter without groups, the whole range as output."""
    signature = site.signature
    data, weights = signature.input(0), signature.constant(1)
    core = site.core.dsp and site.core.fpu and site.optimize != "flash"
    if not core or data.dtype is not DType.INT8 or weights is None:
        return False
    constant_bias = not signature.has_input(2) or signature.constant(2) is not None
    plain = weights.shape[3] == data.shape[3] and signature.attrs["dilation_w_factor"] == 1
    if not (constant_bias and plain and data.shape[0] == 1 and len(weights) <= _LARGEST_FILTERS):
        return False
    constants = rescale(signature, len(weights), site.rounding)
    return constants.low == -128 and constants.high == 127


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """Filters in pairs, where their bounds hold."""
    bands = patch_bands(site, group=2)
    if bands.addressable:
        filters = pair_filters(_bank(site, bands, QUAD))
        if filters is not None:
            call = _pairs(site, bands, filters)
            if call is not None:
                yield (call,)


def _bank(site: Site, bands: PatchBands, quad: tuple[int, ...]) -> FilterBank:
    weights = site.signature.constant(1)
    if weights is None:
        raise ValueError("the filter is not constant")
    constants = rescale(site.signature, len(weights), site.rounding)
    return filter_bank(weights, site.signature.constant(2), constants, bands.order(quad))


def _pairs(site: Site, bands: PatchBands, filters: PairedFilters) -> KernelCall | None:
    places = bands.order(QUAD)
    turns = _LOOP.turns(-(-len(places) // 2), words=bands.words, quads=-(-len(filters.bank.bias) // 4))
    steps = -(-len(places) // (2 * turns)) * turns
    words = filters.words(steps)
    out_c = len(filters.bank.bias)
    spilled = bands.group * out_c if bands.pixels % bands.group else 0
    fixed = 8 * steps + bands.strip_bytes + spilled
    room = scratch_room(site)
    if fixed > room:
        return None
    copied = words if bands.groups >= _COPYING_PAYS and fixed + 4 * words <= room else 0
    params = bands.params() | {
        "zero": -filters.bank.constants.input_offset,
        "out_c": out_c,
        "steps": steps,
        "turns": turns,
        "shift": filters.short.shift,
        "jumps": int(filters.jumps),
        "weight_words": words,
        "copied_words": copied,
        "spill": 8 * steps + 4 * copied + bands.strip_bytes,
    }
    arguments = (
        site.read(0),
        site.write(),
        Scratch(fixed + 4 * copied, "uint32_t"),
        Table("weights", filters.table(steps)),
    )
    rows, columns = axes(site.signature)
    pixels = bands.pixels if bands.padded else bands.group
    overlaps = site.in_place(0, distance=distance(site, rows, columns, pixels=pixels))
    return site.call("mw_conv_pairs_s8_m4", params, arguments, overlaps=overlaps)
