# SPDX-License-Identifier: Apache-2.0
"""CONV_2D on int8 by generated assembly for Cortex-M4 with FPU."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from milliwatt.ir import DType
from milliwatt.lower.conv_2d import distance
from milliwatt.lower.field_filters import FieldFilters, field_filters
from milliwatt.lower.filter_bank import FilterBank, filter_bank
from milliwatt.lower.inner_loop import InnerLoop, Tiling, Unrolled
from milliwatt.lower.paired_filters import PairedFilters, pair_filters
from milliwatt.lower.patch_bands import IN_ORDER, QUAD, PatchBands, patch_bands
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.scratch_room import scratch_room
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes

OPERATORS = ("CONV_2D",)
RANK = -2

_LARGEST_FILTERS = 1300  # so that immediate offsets reach the outputs of every pixel of a group
_COPYING_PAYS = 3  # groups of pixels from which on weights are read from RAM
_FLASH_CYCLES = 3.25  # that reading a word from flash takes longer than from RAM


@dataclass(frozen=True)
class _Form:
    """One way to multiply.

    Attributes:
        kernel: its name.
        pixels: of a group.
        quad: the order in which it widens the bytes of a word.
        inputs: per step.
        pack: packs the filters; None where its bounds do not hold.
        unpacks: whether weights have another form in RAM, so that they must be copied.
        copy_cycles: that a word of weights takes on its way to RAM.
        loop: its code.
    """

    kernel: str
    pixels: int
    quad: tuple[int, ...]
    inputs: int
    pack: Callable[[FilterBank], PairedFilters | FieldFilters | None]
    unpacks: bool
    copy_cycles: float
    loop: InnerLoop


FORMS = (
    _Form(
        "mw_conv_fields_s8_m4",
        pixels=3,
        quad=IN_ORDER,
        inputs=1,
        pack=field_filters,
        unpacks=True,
        copy_cycles=10.5,
        loop=InnerLoop(
            step_bytes=24,
            step_cycles=9,
            quad_bytes=300,
            quad_cycles=90,
            group_bytes=160,
            group_cycles=60,
            word_bytes=100,
            widenings=(1, 2),
            place_cycles=8.5,
        ),
    ),
    _Form(
        "mw_conv_pairs_s8_m4",
        pixels=2,
        quad=QUAD,
        inputs=2,
        pack=pair_filters,
        unpacks=False,
        copy_cycles=2.25,
        loop=InnerLoop(
            step_bytes=48,
            step_cycles=15,
            quad_bytes=200,
            quad_cycles=60,
            group_bytes=130,
            group_cycles=45,
            word_bytes=28,
            widenings=(2, 4, 6),
            place_cycles=3,
        ),
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
    """The forms whose bounds hold and that have room, the one estimated to be fastest first."""
    plans = [_Layout(form, patch_bands(site, group=form.pixels), site) for form in FORMS]
    for plan in sorted(plans, key=lambda plan: plan.cycles):
        if plan.possible:
            filters = plan.form.pack(plan.bank())
            if filters is not None:
                yield (plan.call(filters),)


@dataclass(frozen=True)
class _Layout:
    """One form for one node: how its loops and its scratch are laid out."""

    form: _Form
    bands: PatchBands
    site: Site

    @property
    def out_c(self) -> int:
        """Number of filters."""
        return self.site.signature.outputs[0].shape[3]

    @property
    def tiling(self) -> Tiling:
        """The loops."""
        places = self.bands.words * 4 + self.bands.odd_bytes
        return Tiling(
            groups=self.bands.groups,
            quads=-(-self.out_c // 4),
            steps=-(-places // self.form.inputs),
            words=self.bands.words,
            places=places,
        )

    @functools.cached_property
    def unrolled(self) -> Unrolled:
        """How far the loops are unrolled."""
        return self.form.loop.best(self.tiling)

    @property
    def ram_words(self) -> int:
        """Words that the weights take in RAM: 0 where they stay in flash."""
        wanted = self.form.unpacks or self.bands.groups >= _COPYING_PAYS
        # Either form has two words of weights in RAM for each step of four filters, and at most 16 around them.
        words = self.tiling.quads * (2 * self.unrolled.steps + 16)
        return words if wanted and self.fixed + 4 * words <= scratch_room(self.site) else 0

    @property
    def spilled(self) -> int:
        """Bytes of scratch for the outputs of an incomplete group."""
        return self.form.pixels * self.out_c if self.bands.pixels % self.form.pixels else 0

    @property
    def fixed(self) -> int:
        """Bytes of scratch besides the weights."""
        return 8 * self.unrolled.steps + self.bands.strip_bytes + self.spilled

    @property
    def possible(self) -> bool:
        """Whether the patches can be addressed, and there is room."""
        enough = self.ram_words > 0 if self.form.unpacks else self.fixed <= scratch_room(self.site)
        return self.bands.addressable and enough

    @property
    def cycles(self) -> float:
        """Estimated."""
        words = self.tiling.quads * self.unrolled.steps * (1 if self.form.unpacks else 2)
        weights = (
            self.form.copy_cycles + _FLASH_CYCLES if self.ram_words else _FLASH_CYCLES * self.bands.groups
        )
        return self.unrolled.cycles + words * weights

    def bank(self) -> FilterBank:
        """The filters in the form's order of inputs."""
        signature = self.site.signature
        weights = signature.constant(1)
        if weights is None:
            raise ValueError("the filter is not constant")
        constants = rescale(signature, self.out_c, self.site.rounding)
        return filter_bank(weights, signature.constant(2), constants, self.bands.order(self.form.quad))

    def call(self, filters: PairedFilters | FieldFilters) -> KernelCall:
        """The kernel call."""
        table = filters.table(self.unrolled.steps)
        ram_words = filters.ram_words(self.unrolled.steps) if self.ram_words else 0
        params = self.bands.params() | {
            "zero": -filters.bank.constants.input_offset,
            "out_c": self.out_c,
            "steps": self.unrolled.steps,
            "turns": self.unrolled.turns,
            "widened": self.unrolled.widened,
            "shift": filters.short.shift,
            "jumps": int(filters.short.scale > 0),
            "weight_words": table.size,
            "ram_words": ram_words,
            "spill": self.fixed - self.spilled + 4 * ram_words,
        }
        site = self.site
        arguments = (
            site.read(0),
            site.write(),
            Scratch(self.fixed + 4 * ram_words, "uint32_t"),
            Table("weights", table),
        )
        rows, columns = axes(site.signature)
        pixels = self.bands.pixels if self.bands.padded else self.form.pixels
        overlaps = site.in_place(0, distance=distance(site, rows, columns, pixels=pixels))
        return site.call(self.form.kernel, params, arguments, overlaps=overlaps)
