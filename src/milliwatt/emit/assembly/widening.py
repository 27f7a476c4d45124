# SPDX-License-Identifier: Apache-2.0
"""Reads the patches of a group of pixels from memory, word by word, and hands their bytes to a kernel's packing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from milliwatt.emit.assembly.conv_geometry import GeometryListing

Addresses = Sequence[Sequence[str]]
"""Of some words or bytes, by word, then by pixel."""


class Widening(ABC):
    """Widens whole words of all rows of the patches, then the bytes that rows have behind them.

    Args:
        code: where to write.
        pointers: registers that point to the patches.
    """

    block = 1
    """Whole words that are taken at a time."""

    def __init__(self, code: GeometryListing, pointers: Sequence[str]) -> None:
        self.code = code
        self.pointers = pointers

    @abstractmethod
    def words(self, addresses: Addresses) -> None:
        """Load, widen and store up to `block` words of each pixel. The first word must be loaded last, since that
        moves the pointers. Uses neither r11 nor r12."""

    @abstractmethod
    def byte(self) -> None:
        """Load, widen and store one byte of each pixel, and move the pointers to the next one."""

    def emit(self) -> None:
        """All of it. Moves the pointers; uses r10, r11 and r12."""
        code = self.code
        code.fetch("r12", "kernel_h")
        row, odd, done = code.here(), code.label(), code.label()
        code.fetch("r11", "row_words")
        self._words_of_row()
        code.fetch("r11", "kernel_gap")
        self._move("r11")
        code.op("subs r12, #1")
        code.branch("bne", row)
        code.fetch("r11", "odd")
        code.op("cmp r11, #0")
        code.branch("bne.w", odd)
        code.place(done)
        code.later(lambda: self._odd_bytes(start=odd, done=done))

    def _move(self, register: str) -> None:
        self.code.op(*(f"add {pointer}, {register}" for pointer in self.pointers))

    def _words_of_row(self) -> None:
        """As many words as r11 says."""
        code = self.code
        rest, done = code.label(), code.label()
        if self.block > 1:
            code.op(f"subs r11, #{self.block}")
            code.branch("blt", rest)
        else:
            code.op("cmp r11, #0")
            code.branch("beq", done)
        again = code.here()
        self._next_words(self.block)
        code.op(f"subs r11, #{self.block}")
        code.branch("bge" if self.block > 1 else "bne", again)
        if self.block > 1:
            code.place(rest)
            code.op(f"adds r11, #{self.block}")
            code.branch("beq", done)
            # Blocks are of one word or of two.
            self._next_words(1)
        code.place(done)

    def _next_words(self, count: int) -> None:
        behind = [[f"[{pointer}, #{4 * index}]" for pointer in self.pointers] for index in range(1, count)]
        self.words([[f"[{pointer}], #{4 * count}" for pointer in self.pointers], *behind])

    def _odd_bytes(self, *, start: int, done: int) -> None:
        code = self.code
        code.place(start)
        code.fetch("r12", "geometry")
        code.read("r10", "odd_back", geometry="r12")
        self._move("r10")
        code.read("r10", "odd_gap", geometry="r12")
        code.fetch("r12", "kernel_h")
        row = code.here()
        code.fetch("r11", "odd")
        byte = code.here()
        self.byte()
        code.op("subs r11, #1")
        code.branch("bne", byte)
        self._move("r10")
        code.op("subs r12, #1")
        code.branch("bne", row)
        code.branch("b.w", done)
