# SPDX-License-Identifier: Apache-2.0
"""Walks the output pixels of a convolution in groups, and tells where the patch of input under each begins.

Pixels are taken band by band: a band is some rows of the output. With padding, the input rows under a band are
first copied to a strip in scratch whose borders hold the zero point, so that every patch lies whole in the strip;
without padding there is one band and patches are read from the input. All sizes come from the geometry table, so
layers of all shapes share the code. The C form is mw_patches_s8.h.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from milliwatt.emit.assembly.conv_geometry import GeometryListing
from milliwatt.emit.assembly.counted_copy import copy_bytes, fill_words


class Bands:
    """The loops over bands and groups of pixels.

    Args:
        code: where to write; its geometry is loaded.
        group: pixels that are computed together.
    """

    def __init__(self, code: GeometryListing, *, group: int) -> None:
        self._code = code
        self._group = group
        self._band = 0
        self._next = 0

    def start(self, *, source: str, strip: str, geometry: str) -> None:
        """Before the first band: registers that hold the input, the strip and the table. Uses r4 to r8.

        The strip's size is a multiple of four bytes.
        """
        code = self._code
        no_strip, done = code.label(), code.label()
        code.read("r4", "bands", geometry=geometry)
        code.keep("bands", "r4")
        code.read("r8", "strip_bytes", geometry=geometry)
        code.op("cmp r8, #0")
        code.branch("beq", no_strip)
        code.read("r4", "above", geometry=geometry)
        code.read("r5", "in_pitch", geometry=geometry)
        code.op(f"mla r5, r4, r5, {source}")
        code.keep("source", "r5")
        code.keep("row", "r4")
        code.read("r4", "lead", geometry=geometry)
        code.read("r6", "zeros", geometry=geometry)
        code.op(f"add r4, {strip}")
        code.keep("first", "r4")
        code.op(f"mov r7, {strip}")
        fill_words(code, target="r7", value="r6", count="r8")
        code.branch("b", done)
        code.place(no_strip)
        code.keep("first", source)
        code.place(done)

    def open_band(self) -> None:
        """The head of the loop over bands: the strip is filled, the first pixel is current."""
        code = self._code
        self._band, filled = code.here(), code.label()
        code.fetch("r11", "geometry")
        code.read("r3", "strip_rows", geometry="r11")
        code.op("cmp r3, #0")
        code.branch("beq", filled)
        self._fill_strip()
        code.place(filled)
        for source, name in (("first", "current"), ("cols", "column"), ("behind_first", "behind")):
            code.fetch("r4", source)
            code.keep(name, "r4")
        code.fetch("r4", "out_c")
        for pixel in range(1, self._group):
            code.keep(f"to pixel {pixel}", "r4")
            if pixel + 1 < self._group:
                code.op("lsls r4, #1")
        self._next = code.here()

    def close_band(self) -> None:
        """The ends of the loops over groups and over bands. Uses r0."""
        code = self._code
        code.fetch("r0", "behind")
        code.op("cmp r0, #0")
        code.branch("bge", self._next)
        code.count_down("bands", self._band, temporary="r0")

    def pointers(self, registers: Sequence[str]) -> None:
        """The patches of the next group of pixels; behind the last pixel, the last one again.

        While all of a group and more lies in the current output row, this is quick. The outputs of pixels behind
        the last one go where those of the last one go. "column" holds the pixels left in the row, "behind" those in
        the rows behind it, less than 0 behind the band. Uses r3 and r9 to r12 and lr.
        """
        code = self._code
        at_end, done = code.label(), code.label()
        code.fetch("r10", "current")
        code.fetch("r11", "column")
        code.fetch("r3", "step")
        code.op(f"subs r11, #{self._group}")
        code.branch("ble.w", at_end)
        code.op(f"mov {registers[0]}, r10")
        for previous, register in itertools.pairwise(registers):
            code.op(f"add {register}, {previous}, r3")
        code.op(f"add r10, {registers[-1]}, r3")
        code.place(done)
        code.later(lambda: self._at_end_of_row(registers, start=at_end, done=done))
        code.keep("current", "r10")
        code.keep("column", "r11")

    def _at_end_of_row(self, registers: Sequence[str], *, start: int, done: int) -> None:
        code = self._code
        code.place(start)
        code.op(f"add r11, #{self._group}", f"mov r9, #{self._group}")
        code.fetch("r12", "behind")
        code.op("add r12, r11")
        pixel, last, complete = code.here(), code.label(), code.label()
        code.op(*(f"mov {one}, {behind}" for one, behind in itertools.pairwise((*registers, "r10"))))
        code.op("subs r12, #1")
        code.branch("ble", last)
        code.op("add r10, r3", "subs r11, #1")
        code.branch("bne", last)
        code.fetch("r11", "wrap")
        code.op("add r10, r11")
        code.fetch("r11", "cols")
        code.place(last)
        code.op("subs r9, #1")
        code.branch("bne", pixel)
        code.op("cmp r12, #0")
        code.branch("bge", complete)
        self._missing_pixels()
        code.place(complete)
        code.op("sub r12, r11")
        code.keep("behind", "r12")
        code.branch("b.w", done)

    def _missing_pixels(self) -> None:
        """Outputs of pixels that are not there go where those of the last one go; r12 is minus their number."""
        code = self._code
        if self._group == 2:
            code.op("movs r3, #0")
        else:
            code.fetch("r3", "to pixel 1")
            code.op("cmn r12, #1", "it ne", "movne r3, #0")
        for pixel in range(1, self._group):
            code.keep(f"to pixel {pixel}", "r3")

    def _fill_strip(self) -> None:
        """Rows of the input, or of zero points, to the strip; r3 of them, the table at r11."""
        code = self._code
        code.fetch("r0", "source")
        code.fetch("r1", "row")
        code.fetch("r2", "first")
        code.read("r4", "left_bytes", geometry="r11")
        code.op("add r2, r4")
        row, outside, done = code.here(), code.label(), code.label()
        code.read("r9", "in_h", geometry="r11")
        code.read("r8", "copied", geometry="r11")
        code.op("mov r12, r0", "mov lr, r2", "cmp r1, r9")
        # A row above the image is a large unsigned number.
        code.branch("bhs", outside)
        copy_bytes(code, source="r12", target="lr", count="r8")
        code.branch("b", done)
        code.place(outside)
        code.read("r4", "zeros", geometry="r11")
        # Its words are the input's: what they take more than its bytes is padding.
        fill_words(code, target="lr", value="r4", count="r8")
        code.place(done)
        code.read("r9", "in_pitch", geometry="r11")
        code.read("r8", "pitch", geometry="r11")
        code.op("add r0, r9", "add r2, r8", "adds r1, #1", "subs r3, #1")
        code.branch("bne", row)
        code.read("r8", "band_back", geometry="r11")
        code.op("add r1, r8", "mla r0, r8, r9, r0")
        code.keep("source", "r0")
        code.keep("row", "r1")
