# SPDX-License-Identifier: Apache-2.0
"""Reads the patches of a group of pixels from memory, word by word, and hands their bytes to a kernel's packing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from milliwatt.emit.assembly.listing import Listing

Params = Mapping[str, int | float]

_LARGEST_OFFSET = 4095

Address = str
Block = Callable[[Listing, Sequence[Sequence[Address]]], None]
"""Loads, widens and stores some words of each pixel: the addresses by word, then by pixel. The first word is loaded
last, since that may move the pointers."""


@dataclass(frozen=True)
class Unrolling:
    """How far the widening of a form is unrolled.

    Attributes:
        block: words that it takes at a time.
        turn: words in one turn of a loop, at most; patches of no more words are widened without a loop.
    """

    block: int
    turn: int


@dataclass(frozen=True)
class Patch:
    """The shape of a patch: rows of ``row_bytes`` bytes that begin ``pitch`` bytes apart."""

    rows: int
    row_bytes: int
    pitch: int

    @property
    def row_words(self) -> int:
        """Whole words of a row."""
        return self.row_bytes // 4

    @property
    def words(self) -> int:
        """Whole words of a patch."""
        return self.rows * self.row_words

    def odd_offsets(self) -> list[int]:
        """Offsets of the bytes behind the whole words of each row."""
        return [
            row * self.pitch + byte
            for row in range(self.rows)
            for byte in range(4 * self.row_words, self.row_bytes)
        ]


def patch_of(params: Params) -> Patch:
    """The patch that a kernel's parameters describe."""
    return Patch(int(params["kernel_h"]), int(params["row_bytes"]), int(params["kernel_pitch"]))


def whole_words(
    code: Listing, patch: Patch, block: Block, *, pointers: Sequence[str], unrolling: Unrolling
) -> None:
    """Hand all whole words of a patch to ``block``. Uses r11 and r12; moves the pointers."""
    offsets = [row * patch.pitch + 4 * word for row in range(patch.rows) for word in range(patch.row_words)]
    if not offsets:
        return
    if patch.words <= unrolling.turn and offsets[-1] <= _LARGEST_OFFSET:
        for first in range(0, len(offsets), unrolling.block):
            part = offsets[first : first + unrolling.block]
            block(code, [[f"[{pointer}, #{offset}]" for pointer in pointers] for offset in part])
        return
    if patch.rows == 1:
        _row(code, patch, block, pointers, unrolling)
        return
    code.constant("r12", patch.rows)
    row = code.here()
    _row(code, patch, block, pointers, unrolling)
    for pointer in pointers:
        code.add(pointer, pointer, patch.pitch - 4 * patch.row_words, temporary="r11")
    code.op("subs r12, #1")
    code.branch("bne", row)


def _row(code: Listing, patch: Patch, block: Block, pointers: Sequence[str], unrolling: Unrolling) -> None:
    most = min(unrolling.turn, patch.row_words)
    turn = next(count for count in range(most, 0, -1) if patch.row_words % count == 0)
    turns = patch.row_words // turn
    again = 0
    if turns > 1:
        code.constant("r11", turns)
        again = code.here()
    for first in range(0, turn, unrolling.block):
        count = min(unrolling.block, turn - first)
        # Blocks load their first word last: that load moves the pointer.
        fixed = [[f"[{pointer}, #{4 * index}]" for pointer in pointers] for index in range(1, count)]
        block(code, [[f"[{pointer}], #{4 * count}" for pointer in pointers], *fixed])
    if turns > 1:
        code.op("subs r11, #1")
        code.branch("bne", again)
