# SPDX-License-Identifier: Apache-2.0
"""How the loops and the scratch of a generated convolution are laid out, and what that takes."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass

from milliwatt.lower.conv_2d import distance
from milliwatt.lower.field_filters import FieldFilters
from milliwatt.lower.filter_bank import FilterBank, filter_bank
from milliwatt.lower.inner_loop import InnerLoop, Tiling, Unrolled
from milliwatt.lower.paired_filters import PairedFilters
from milliwatt.lower.patch_bands import PatchBands
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.scratch_room import scratch_room
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes

_FLASH_CYCLES = 3.25  # that reading a word from flash takes longer than from RAM
_QUAD = 4
_CONSTANTS = 16  # words around the weights of four filters, at most


class Weights(enum.Enum):
    """Where the inner loop reads weights: where the table lies, a copy of all in scratch, or of four filters."""

    IN_PLACE = enum.auto()
    RAM = enum.auto()
    QUAD = enum.auto()


@dataclass(frozen=True)
class ConvForm:
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


@dataclass(frozen=True)
class ConvLayout:
    """One form for one node.

    Attributes:
        form: how it multiplies.
        bands: how its pixels are walked.
        site: the node.
        weights: where they are read.
        block: groups of pixels that are widened before any is multiplied.
    """

    form: ConvForm
    bands: PatchBands
    site: Site
    weights: Weights
    block: int = 1

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
            quads=-(-self.out_c // _QUAD),
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
        """Words that weights take in scratch, at most: two for each step of four filters, and those around them."""
        quads = {Weights.IN_PLACE: 0, Weights.QUAD: 1, Weights.RAM: self.tiling.quads}[self.weights]
        return quads * (2 * self.unrolled.steps + _CONSTANTS)

    @property
    def spilled(self) -> int:
        """Bytes of scratch for the outputs of an incomplete group."""
        return self.form.pixels * self.out_c if self.bands.pixels % self.form.pixels else 0

    @property
    def fixed(self) -> int:
        """Bytes of scratch besides the weights."""
        return 8 * self.unrolled.steps * self.block + self.bands.strip_bytes + self.spilled

    @property
    def possible(self) -> bool:
        """Whether the patches can be addressed, and there is room. A form without copies needs next to none."""
        least = self.weights is Weights.IN_PLACE and not self.bands.padded
        return self.bands.addressable and (
            least or self.fixed + 4 * self.ram_words <= scratch_room(self.site)
        )

    @property
    def cycles(self) -> float:
        """Estimated."""
        words = self.tiling.quads * self.unrolled.steps * (1 if self.form.unpacks else 2)
        flash = 0.0 if self.site.tables_in_ram else _FLASH_CYCLES
        times = {Weights.IN_PLACE: self.bands.groups, Weights.QUAD: -(-self.bands.groups // self.block)}
        copying = 0.0 if self.weights is Weights.IN_PLACE else self.form.copy_cycles
        return self.unrolled.cycles + words * times.get(self.weights, 1) * (flash + copying)

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
        all_words = filters.ram_words(self.unrolled.steps)
        quad_words = all_words // self.tiling.quads
        ram_words = {Weights.IN_PLACE: 0, Weights.QUAD: quad_words, Weights.RAM: all_words}[self.weights]
        params = self.bands.params() | {
            "zero": -filters.bank.constants.input_offset,
            "out_c": self.out_c,
            "block": self.block,
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
        scratch = Scratch(self.fixed + 4 * ram_words, "uint32_t")
        arguments = (site.read(0), site.write(), scratch, Table("weights", table))
        overlaps = site.in_place(0, distance=self._distance())
        return site.call(self.form.kernel, params, arguments, overlaps=overlaps)

    def _distance(self) -> int:
        """How far below the input the output may lie."""
        rows, columns = axes(self.site.signature)
        if self.bands.padded:
            return distance(self.site, rows, columns, pixels=self.bands.pixels)
        # A single last pixel is a block of its own, behind any number of whole groups.
        alone = self.bands.pixels % self.form.pixels > 0
        pixels = self.form.pixels * (1 if alone else self.block)
        return distance(self.site, rows, columns, pixels=pixels)
