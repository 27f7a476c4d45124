# SPDX-License-Identifier: Apache-2.0
"""CONV_2D on int8 by generated assembly for Cortex-M4 with FPU."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.conv_layout import ConvForm, ConvLayout, Weights
from milliwatt.lower.field_filters import FieldFilters, field_filters
from milliwatt.lower.inner_loop import InnerLoop
from milliwatt.lower.paired_filters import PairedFilters, pair_filters
from milliwatt.lower.patch_bands import patch_bands
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import rescale

OPERATORS = ("CONV_2D",)
RANK = -2

_LARGEST_FILTERS = 1300  # so that immediate offsets reach the outputs of every pixel of a group
_COPYING_PAYS = 3  # groups of pixels from which on weights are read from RAM

FORMS = (
    ConvForm(
        "mw_conv_fields_s8_m4",
        pixels=3,
        words_first=False,
        inputs=1,
        pack=field_filters,
        unpacks=True,
        copy_cycles=10.5,
        blocks=(3, 7),
        loop=InnerLoop(turn=16, step_cycles=9, quad_cycles=95, group_cycles=60, place_cycles=9.5),
    ),
    ConvForm(
        "mw_conv_pairs_s8_m4",
        pixels=2,
        words_first=True,
        inputs=2,
        pack=pair_filters,
        unpacks=False,
        copy_cycles=2.25,
        blocks=(4, 8, 16),
        loop=InnerLoop(turn=8, step_cycles=15, quad_cycles=65, group_cycles=50, place_cycles=3.25),
    ),
)


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
    """The layouts whose bounds hold and that have room, the one estimated to be fastest first."""
    packed: dict[str, PairedFilters | FieldFilters | None] = {}
    for layout in sorted(layouts(site), key=lambda layout: layout.cycles):
        kernel = layout.form.kernel
        if layout.possible and kernel not in packed:
            packed[kernel] = layout.form.pack(layout.bank())
        filters = packed.get(kernel)
        if layout.possible and filters is not None:
            yield (layout.call(filters),)
            if not filters.jumps and not layout.form.unpacks and layout.block == 1:
                # The code of layers with jumps serves those without.
                yield (layout.call(filters, any_jumps=True),)


def layouts(site: Site) -> Iterator[ConvLayout]:
    """All that make sense, whether or not they are possible."""
    for form in FORMS:
        bands = patch_bands(site, group=form.pixels, words_first=form.words_first)
        if form.unpacks or (bands.groups >= _COPYING_PAYS and not site.tables_in_ram):
            yield ConvLayout(form, bands, site, Weights.RAM)
        if not form.unpacks:
            yield ConvLayout(form, bands, site, Weights.IN_PLACE)
        elif site.optimize == "speed":
            own = ConvLayout(form, bands, site, Weights.RAM, own=True)
            if own.sizes["steps"] or own.sizes["row_bytes"]:
                yield own
        for block in form.blocks:
            if bands.pixels >= form.pixels * block and (form.unpacks or not site.tables_in_ram):
                yield ConvLayout(form, bands, site, Weights.QUAD, block)
