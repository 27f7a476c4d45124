# SPDX-License-Identifier: Apache-2.0
"""Reads the patches of three pixels byte by byte, and packs them in two fields: see conv_fields_s8_m4.py.

Loads of bytes extend their sign, six of them take seven cycles and no address is bad for them. So they are quicker
than words whose bytes are then extended.
"""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.emit.assembly.conv_geometry import GeometryListing

POINTERS = ("r6", "r7", "r8")
"""To the patches of the three pixels."""

_BYTES = (("r0", "r1", "r4"), ("r2", "r3", "r5"))
"""Where two bytes of the three pixels go; the first two of each become its words."""


class FieldWidening:
    """Writes the words A and A' of each byte of the patches to lr.

    Args:
        code: where to write; its geometry is loaded.
    """

    pointers = POINTERS

    def __init__(self, code: GeometryListing) -> None:
        self._code = code

    def emit(self) -> None:
        """All rows of the patches. Uses r0 to r12."""
        code = self._code
        code.fetch("r12", "kernel_h")
        row, odd, done = code.here(), code.label(), code.label()
        code.fetch("r11", "row_words")
        code.op("cmp r11, #0")
        code.branch("beq", odd)
        code.op(".balign 4")
        word = code.here()
        self._load(1)
        self._load(0, behind="], #4")
        self._pack(2)
        code.op("subs r11, #1")
        self._load(1, behind=", #-1]")
        self._load(0, behind=", #-2]")
        self._pack(2)
        code.branch("bne", word)
        code.place(odd)
        code.fetch("r11", "odd")
        code.op("cmp r11, #0")
        code.branch("beq", done)
        byte = code.here()
        self._load(0, behind="], #1")
        code.op("subs r11, #1")
        self._pack(1)
        code.branch("bne", byte)
        code.place(done)
        code.fetch("r11", "kernel_gap")
        code.op(*(f"add {pointer}, r11" for pointer in POINTERS), "subs r12, #1")
        code.branch("bne", row)

    def _load(self, number: int, *, behind: str = "") -> None:
        """One byte of each pixel; ``behind`` is what follows the pointer, by default the byte's offset."""
        ending = behind or f", #{number}]"
        targets: Sequence[str] = _BYTES[number]
        self._code.op(
            *(f"ldrsb {to}, [{pointer}{ending}" for to, pointer in zip(targets, POINTERS, strict=True))
        )

    def _pack(self, count: int) -> None:
        """The words of the bytes that were loaded."""
        for p, q, r in _BYTES[:count]:
            self._code.op(f"add {p}, {p}, {q}, lsl #21", f"add {q}, {q}, {r}, lsl #21")
        self._code.op(f"stm lr!, {{r0-r{2 * count - 1}}}")
