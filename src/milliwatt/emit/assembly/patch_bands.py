# SPDX-License-Identifier: Apache-2.0
"""Walks the output pixels of a convolution in groups, and tells where the patch of input under each begins.

Pixels are taken band by band: a band is some rows of the output. With padding, the input rows under a band are
first copied to a strip in scratch whose borders hold the zero point, so that every patch lies whole in the strip;
without padding there is one band and patches are read from the input. The C form is mw_patches_s8.h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milliwatt.emit.assembly.copying import advanced, copy_bytes, copy_words, fill_bytes
from milliwatt.emit.assembly.listing import Listing

Params = Mapping[str, int | float]


class Bands:
    """The loops over bands and groups of pixels.

    Args:
        code: where to write.
        params: the kernel's constants, those of `milliwatt.lower.patch_bands.PatchBands.params` among them.
        group: pixels that are computed together.
    """

    def __init__(self, code: Listing, params: Params, *, group: int) -> None:
        self._code = code
        self._params = {name: int(value) for name, value in params.items()}
        self._group = group
        self._band = 0
        self._next = 0
        self.pixels = self._params["rows"] * self._params["cols"]
        self.rest = self.pixels % group

    def start(self, *, source: str, strip: str) -> None:
        """Before the first band: registers that hold the input and, if there is one, the strip. Uses r4 to r8."""
        code, params = self._code, self._params
        if params["bands"] > 1:
            code.constant("r4", params["bands"])
            code.keep("bands", "r4")
        if not params["strip"]:
            code.keep("first", source)
            return
        code.add("r4", strip, params["lead"])
        code.keep("first", "r4")
        code.add("r4", source, -params["pad_top"] * params["in_pitch"], temporary="r5")
        code.keep("source", "r4")
        code.constant("r4", -params["pad_top"])
        code.keep("row", "r4")
        code.op(f"mov r7, {strip}")
        self._zeros("r6")
        fill_bytes(code, params["strip_bytes"], target="r7", value="r6", counter="r8")

    def open_band(self) -> None:
        """The head of the loop over bands: the strip is filled, the first pixel is current."""
        code, params = self._code, self._params
        if params["bands"] > 1:
            self._band = code.here()
        if params["strip"]:
            self._fill_strip()
        code.fetch("r4", "first")
        code.keep("current", "r4")
        code.constant("r4", self.pixels)
        code.keep("left", "r4")
        if self._lines > 1:
            code.constant("r4", params["cols"])
            code.keep("column", "r4")
        self._next = code.here()

    def close_band(self) -> None:
        """The ends of the loops over groups and over bands. Uses r0."""
        code = self._code
        code.fetch("r0", "left")
        code.op("cmp r0, #0")
        code.branch("bgt", self._next)
        if self._params["bands"] > 1:
            code.fetch("r0", "bands")
            code.op("subs r0, #1")
            code.keep("bands", "r0")
            code.branch("bne", self._band)

    def pointers(self, registers: Sequence[str]) -> None:
        """The patches of the next group of pixels; behind the last pixel, the last one again.

        Leaves the pixels that remain in r12, less than 0 in an incomplete group. Uses r3, r10, r11 and r12.
        """
        code, params = self._code, self._params
        code.fetch("r12", "left")
        code.fetch("r10", "current")
        if self._lines > 1:
            code.fetch("r11", "column")
        if params["cols"] % self._group == 0 or (self._lines == 1 and not self.rest):
            self._together(registers)
        else:
            for register in registers:
                self._one(register)
        code.keep("left", "r12")
        code.keep("current", "r10")
        if self._lines > 1:
            code.keep("column", "r11")

    @property
    def _lines(self) -> int:
        """Rows of a band, 1 where they follow each other without a gap."""
        return 1 if self._wrap == 0 else self._params["rows"]

    @property
    def _wrap(self) -> int:
        """From behind the last patch of an output row to the first of the next one."""
        return self._params["row_step"] - self._params["cols"] * self._params["step"]

    def _together(self, registers: Sequence[str]) -> None:
        code, step = self._code, self._params["step"]
        code.op(f"mov {registers[0]}, r10")
        for index, register in enumerate(registers[1:], start=1):
            code.add(register, "r10", index * step, temporary="r3")
        code.add("r10", "r10", len(registers) * step, temporary="r3")
        code.op(f"subs r12, #{len(registers)}")
        if self._lines > 1:
            inside = code.label()
            code.op(f"subs r11, #{len(registers)}")
            code.branch("bne", inside)
            self._next_line()
            code.place(inside)

    def _one(self, register: str) -> None:
        code = self._code
        last = code.label()
        code.op(f"mov {register}, r10", "subs r12, #1")
        code.branch("ble", last)
        code.add("r10", "r10", self._params["step"], temporary="r3")
        if self._lines > 1:
            code.op("subs r11, #1")
            code.branch("bne", last)
            self._next_line()
        code.place(last)

    def _next_line(self) -> None:
        self._code.add("r10", "r10", self._wrap, temporary="r3")
        self._code.constant("r11", self._params["cols"])

    def _zeros(self, register: str) -> None:
        self._code.constant(register, (self._params["zero"] & 0xFF) * 0x01010101)

    def _fill_strip(self) -> None:
        code, params = self._code, self._params
        code.fetch("r0", "source")
        code.fetch("r1", "row")
        code.fetch("r2", "first")
        code.add("r2", "r2", params["left_bytes"], temporary="r3")
        code.constant("r3", params["strip_rows"])
        row, outside, done = code.here(), code.label(), code.label()
        code.constant("r12", params["in_h"])
        code.op("cmp r1, r12")
        # A row above the image is a large unsigned number.
        code.branch("bhs", outside)
        moved = self._copy_row()
        code.branch("b", done)
        code.place(outside)
        self._zeros("r9")
        fill_bytes(code, params["copied"], target="r2", value="r9", counter="r8")
        code.add("r2", "r2", moved - advanced(params["copied"]))
        code.add("r0", "r0", moved, temporary="r8")
        code.place(done)
        code.add("r0", "r0", params["in_pitch"] - moved, temporary="r8")
        code.add("r2", "r2", params["pitch"] - moved, temporary="r8")
        code.op("adds r1, #1", "subs r3, #1")
        code.branch("bne", row)
        if params["bands"] > 1:
            back = params["band_step"] - params["strip_rows"]
            code.add("r0", "r0", back * params["in_pitch"], temporary="r8")
            code.add("r1", "r1", back)
            code.keep("source", "r0")
            code.keep("row", "r1")

    def _copy_row(self) -> int:
        """Copy a row's bytes from r0 to r2; how far these have moved."""
        code, count = self._code, self._params["copied"]
        if self._params["in_pitch"] % 4:
            copy_bytes(code, count, source="r0", target="r2", counter="r8")
            return advanced(count)
        # The strip's lead brings its rows to word addresses, too.
        words, rest = divmod(count, 4)
        copy_words(code, words, source="r0", target="r2", counter="r12")
        copy_bytes(code, rest, source="r0", target="r2", counter="r12")
        return 4 * words
