# SPDX-License-Identifier: Apache-2.0
"""How the loops and the scratch of a generated convolution are laid out, and what that takes."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from milliwatt.lower.conv_2d import distance
from milliwatt.lower.field_filters import FieldFilters
from milliwatt.lower.filter_bank import FilterBank, filter_bank
from milliwatt.lower.inner_loop import InnerLoop, Tiling
from milliwatt.lower.paired_filters import PairedFilters
from milliwatt.lower.patch_bands import GEOMETRY, PatchBands
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.rescale_fit import SMALL_FIRST
from milliwatt.lower.scratch_room import scratch_room
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes

_FLASH_CYCLES = 3.25  # that reading a word from flash takes longer than from RAM
_QUAD = 4
_SHORT_ROW = 12  # bytes of a row that code may be written out for
_OWN = 0.95  # what code for one layer takes of the time of code for all
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
        words_first: whether it widens patches by words: see `PatchBands`.
        inputs: per step.
        pack: packs the filters; None where its bounds do not hold.
        unpacks: whether weights have another form in RAM, so that they must be copied.
        copy_cycles: that a word of weights takes on its way to RAM.
        blocks: groups of pixels that are multiplied with four filters at a time, where that is done.
        loop: its code.
    """

    kernel: str
    pixels: int
    words_first: bool
    inputs: int
    pack: Callable[[FilterBank], PairedFilters | FieldFilters | None]
    unpacks: bool
    copy_cycles: float
    blocks: tuple[int, ...]
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
        own: whether the code is made for the layer's sizes, as far as that pays.
    """

    form: ConvForm
    bands: PatchBands
    site: Site
    weights: Weights
    block: int = 1
    own: bool = False

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
            places=places,
        )

    @property
    def steps(self) -> int:
        """Of the inner loop."""
        return self.tiling.steps

    @property
    def sizes(self) -> dict[str, int]:
        """What the code knows of the layer, 0 for what it takes from the geometry.

        Turns of the inner loop are as short as their number allows: a group of pixels should fit an instruction
        cache of a kilobyte, which the code for all layers just does.
        """
        most = self.form.loop.turn
        turn = -(-self.steps // -(-self.steps // most))
        short = self.bands.row_bytes % 4 > 0 and self.bands.row_bytes <= _SHORT_ROW
        return {
            "row_bytes": self.bands.row_bytes if self.own and short else 0,
            "turn": turn if self.own else 0,
            "steps": self.steps if self.own and self.steps <= most else 0,
            "stride": self.out_c if self.own and self.bands.pixels % self.form.pixels == 0 else 0,
        }

    @property
    def ram_words(self) -> int:
        """Words that weights take in scratch, at most: two for each step of four filters, and those around them."""
        quads = {Weights.IN_PLACE: 0, Weights.QUAD: 1, Weights.RAM: self.tiling.quads}[self.weights]
        return quads * (2 * self.steps + _CONSTANTS)

    @property
    def fixed(self) -> int:
        """Bytes of scratch besides the weights."""
        return 8 * self.steps * self.block + self.bands.strip_bytes

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
        words = self.tiling.quads * self.steps * (1 if self.form.unpacks else 2)
        flash = 0.0 if self.site.tables_in_ram else _FLASH_CYCLES
        times = {Weights.IN_PLACE: self.bands.groups, Weights.QUAD: -(-self.bands.groups // self.block)}
        copying = 0.0 if self.weights is Weights.IN_PLACE else self.form.copy_cycles
        loop = self.form.loop.cycles(self.tiling) * (_OWN if self.own else 1)
        return loop + words * times.get(self.weights, 1) * (flash + copying)

    def bank(self) -> FilterBank:
        """The filters in the form's order of inputs."""
        signature = self.site.signature
        weights = signature.constant(1)
        if weights is None:
            raise ValueError("the filter is not constant")
        constants = rescale(signature, self.out_c, self.site.rounding)
        return filter_bank(weights, signature.constant(2), constants, self.bands.order())

    def call(self, filters: PairedFilters | FieldFilters, *, any_jumps: bool = False) -> KernelCall:
        """The kernel call, if wanted with code for layers with and without jumps."""
        table = filters.table(self.steps)
        all_words = filters.ram_words(self.steps)
        quad_words = all_words // self.tiling.quads
        ram_words = {Weights.IN_PLACE: 0, Weights.QUAD: quad_words, Weights.RAM: all_words}[self.weights]
        params: dict[str, int | float] = {
            "blocks": int(self.weights is Weights.QUAD),
            "shift": SMALL_FIRST[0] if filters.jumps else filters.short.shift,
            "jumps": int(filters.jumps or any_jumps),
        }
        if self.form.unpacks:
            params |= self.sizes
        geometry = self.bands.geometry(zero=-filters.bank.constants.input_offset) | {
            "out_c": self.out_c,
            "tail": self.out_c - _QUAD * (self.tiling.quads - 1),
            "skipped": 8 * (-self.steps % (self.sizes["turn"] or self.form.loop.turn)),
            "pair_bytes": 8 * self.steps,
            "input_bytes": 8 * self.steps * self.block,
            "weight_words": table.size,
            "ram_words": ram_words,
            "constants": 12 if filters.jumps else 8,
            "jumps": filters.short.shift + filters.short.scale if filters.jumps else 0,
        }
        site = self.site
        arguments = (
            site.read(0),
            site.write(),
            Scratch(self.fixed + 4 * ram_words, "uint32_t"),
            Table("weights", table),
            Table("geometry", np.array([geometry[name] for name in GEOMETRY], np.int32)),
        )
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
