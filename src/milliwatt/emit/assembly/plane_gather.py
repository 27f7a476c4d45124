# SPDX-License-Identifier: Apache-2.0
"""Copies one channel of an NHWC image into a plane of bytes, turned when the plane's rows are the image's columns."""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.emit.assembly.listing import Listing

_REGISTERS = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12", "lr", "r11")
_UNROLLED = 32
_CHUNK = 16
_REACH = 4095
"""The largest offset of LDRB and STRB."""


@dataclass(frozen=True)
class Gather:
    """An image and its plane.

    Attributes:
        height, width: pixels of the image.
        pixel: bytes from one of its pixels to the next.
        down, right: bytes in the plane from one image row, or column, to the next.
    """

    height: int
    width: int
    pixel: int
    down: int
    right: int

    @property
    def group(self) -> int:
        """Pixels that are loaded before any is stored."""
        return min(len(_REGISTERS), _REACH // self.pixel + 1)

    def emit(self, listing: Listing) -> None:
        """The copy: r0 points to the image's channel, r1 to the plane; all but sp may change."""
        rows = self._rows_together()
        if rows:
            self._whole_rows(listing, rows)
        else:
            listing.constant("r11", self.height)
            self._long_rows(listing)

    def emit_rows(self, listing: Listing) -> None:
        """The copy of as many rows as r2 tells; r0 then points to the image's next row."""
        if self.width > _UNROLLED:
            listing.op("mov r11, r2")
            self._long_rows(listing)
            return
        listing.constant("r3", self.down)
        listing.op("mla r2, r2, r3, r1")
        self._row_loop(listing, 1)

    def _rows_together(self) -> int:
        """Rows of one turn of the loop: a divisor of the height, 0 when a row alone is too long."""
        fitting = [
            rows
            for rows in range(1, self.height + 1)
            if self.height % rows == 0
            and rows * self.width <= _UNROLLED
            and (rows - 1) * self.down + (self.width - 1) * self.right <= _REACH
        ]
        return max(fitting, default=0)

    def _whole_rows(self, listing: Listing, rows: int) -> None:
        if self.height == rows:
            self._pixels(listing, self._places(rows))
            return
        listing.add("r2", "r1", self.height * self.down, temporary="r3")
        self._row_loop(listing, rows)

    def _places(self, rows: int) -> list[int]:
        return [row * self.down + column * self.right for row in range(rows) for column in range(self.width)]

    def _row_loop(self, listing: Listing, rows: int) -> None:
        """Some rows a turn, until the plane's pointer is r2."""
        loop = listing.here(aligned=True)
        self._pixels(listing, self._places(rows))
        listing.add("r1", "r1", rows * self.down, temporary="r3")
        listing.op("cmp r1, r2")
        listing.branch("bne", loop)

    def _long_rows(self, listing: Listing) -> None:
        """As many rows as r11 tells, each in chunks."""
        chunk = min(_CHUNK, _REACH // self.right + 1)
        turns, rest = divmod(self.width, chunk)
        row = listing.here()
        listing.op("mov r2, r1")
        listing.add("r3", "r1", turns * chunk * self.right, temporary="r4")
        loop = listing.here(aligned=True)
        self._pixels(listing, [index * self.right for index in range(chunk)], pointer="r2", spare=1)
        listing.add("r2", "r2", chunk * self.right, temporary="r4")
        listing.op("cmp r2, r3")
        listing.branch("bne", loop)
        if rest:
            self._pixels(listing, [index * self.right for index in range(rest)], pointer="r2", spare=1)
        listing.add("r1", "r1", self.down, temporary="r4")
        listing.op("subs r11, r11, #1")
        listing.branch("bne", row)

    def _pixels(self, listing: Listing, places: list[int], *, pointer: str = "r1", spare: int = 0) -> None:
        """Consecutive pixels to their places in the plane; ``spare`` registers at the list's end stay as they are.

        A load right behind a store would wait for it; the image's pointer is advanced in between.
        """
        registers = _REGISTERS[: len(_REGISTERS) - spare]
        group = min(len(registers), self.group)
        for start in range(0, len(places), group):
            part = places[start : start + group]
            pairs = list(zip(registers, part, strict=False))
            for index, (register, _) in enumerate(pairs):
                listing.op(f"ldrb {register}, [r0, #{index * self.pixel}]")
            for register, place in pairs:
                listing.op(f"strb {register}, [{pointer}, #{place}]")
            listing.add("r0", "r0", len(part) * self.pixel, temporary="r3" if pointer == "r1" else "r4")


def border(listing: Listing, *, rows: int, pitch: int, columns: tuple[int, ...], value: int) -> None:
    """Fill columns of the plane at r0 with a value; r0 to r2 and r4 change."""
    if not columns:
        return
    listing.constant("r1", value & 0xFF)
    listing.add("r2", "r0", rows * pitch, temporary="r4")
    loop = listing.here(aligned=True)
    for column in columns:
        listing.op(f"strb r1, [r0, #{column}]")
    listing.add("r0", "r0", pitch)
    listing.op("cmp r0, r2")
    listing.branch("bne", loop)


def fill_row(listing: Listing, *, pitch: int, value: int) -> None:
    """Fill the row of whole words at r1 with a value; r1 to r3 change."""
    byte = value & 0xFF
    listing.constant("r3", byte * 0x01010101)
    listing.add("r2", "r1", pitch)
    loop = listing.here(aligned=True)
    listing.op("str r3, [r1], #4", "cmp r1, r2")
    listing.branch("bne", loop)


def move_rows(listing: Listing, *, words: int) -> None:
    """Copy words from r0 to r1, which lies below; all registers but sp and r12 may change."""
    turns, rest = divmod(words, 8)
    if turns > 1:
        listing.add("r2", "r1", turns * 32)
        loop = listing.here(aligned=True)
    if turns:
        listing.op("ldm r0!, {r4-r11}", "stm r1!, {r4-r11}")
    if turns > 1:
        listing.op("cmp r1, r2")
        listing.branch("bne", loop)
    for register in range(rest):
        listing.op(f"ldr r{4 + register}, [r0, #{4 * register}]")
    for register in range(rest):
        listing.op(f"str r{4 + register}, [r1, #{4 * register}]")
