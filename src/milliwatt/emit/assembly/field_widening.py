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

_THREE = (("r0", "r1", "r9"), ("r2", "r3", "r10"), ("r4", "r5", "r11"))
"""Where three bytes go, when no register is needed to count words."""


class FieldWidening:
    """Writes the words A and A' of each byte of the patches to lr.

    Args:
        code: where to write; its geometry is loaded.
        row_bytes: of a row of a patch; 0 if only the geometry tells.
    """

    pointers = POINTERS

    def __init__(self, code: GeometryListing, *, row_bytes: int) -> None:
        self._code = code
        self._row_bytes = row_bytes

    def emit(self) -> None:
        """All rows of the patches. Uses r0 to r12."""
        code = self._code
        code.fetch("r12", "kernel_h")
        row = code.here()
        if self._row_bytes:
            self._known_row()
        else:
            self._any_row()
        code.op(*(f"add {pointer}, r11" for pointer in POINTERS), "subs r12, #1")
        code.branch("bne", row)

    def _known_row(self) -> None:
        """Leaves in r11 how far it is from the row to the next one."""
        for first in range(0, self._row_bytes, len(_THREE)):
            targets = _THREE[: self._row_bytes - first]
            for number, registers in enumerate(targets, first):
                self._load(registers, behind=f", #{number}]")
            self._pack(targets)
        self._code.fetch("r11", "kernel_gap")
        self._code.op(f"add r11, #{self._row_bytes}")

    def _any_row(self) -> None:
        """Moves the pointers behind the row, and leaves in r11 how far it is to the next one."""
        code = self._code
        odd, done = code.label(), code.label()
        code.fetch("r11", "row_words")
        code.op("cmp r11, #0")
        code.branch("beq", odd)
        code.op(".balign 4")
        word = code.here()
        one, other = _BYTES
        self._load(other, behind=", #1]")
        self._load(one, behind="], #4")
        self._pack(_BYTES)
        code.op("subs r11, #1")
        self._load(other, behind=", #-1]")
        self._load(one, behind=", #-2]")
        self._pack(_BYTES)
        code.branch("bne", word)
        code.place(odd)
        code.fetch("r11", "odd")
        code.op("cmp r11, #0")
        code.branch("beq", done)
        byte = code.here()
        self._load(one, behind="], #1")
        code.op("subs r11, #1")
        self._pack([one])
        code.branch("bne", byte)
        code.place(done)
        code.fetch("r11", "kernel_gap")

    def _load(self, targets: Sequence[str], *, behind: str) -> None:
        """One byte of each pixel; ``behind`` is what follows the pointers."""
        self._code.op(
            *(f"ldrsb {to}, [{pointer}{behind}" for to, pointer in zip(targets, POINTERS, strict=True))
        )

    def _pack(self, loaded: Sequence[Sequence[str]]) -> None:
        """The words of the bytes that were loaded."""
        for p, q, r in loaded:
            self._code.op(f"add {p}, {p}, {q}, lsl #21", f"add {q}, {q}, {r}, lsl #21")
        self._code.op(f"stm lr!, {{r0-r{2 * len(loaded) - 1}}}")
