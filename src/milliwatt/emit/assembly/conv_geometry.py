# SPDX-License-Identifier: Apache-2.0
"""The table that tells a generated convolution its sizes: the words of `struct mw_patches` in mw_patches_s8.h."""

from __future__ import annotations

from collections.abc import Callable

from milliwatt.emit.assembly.scoped_listing import ScopedListing

HELD = (
    "step", "wrap", "cols", "behind_first", "out_c", "tail", "skipped", "kernel_h", "row_words", "kernel_gap",
    "odd", "jumps",
)  # fmt: skip
"""The words that loops ask for; S registers hold them all the time."""

REST = (
    "odd_back", "odd_gap", "pair_bytes", "input_bytes", "weight_words", "ram_words", "constants", "bands",
    "strip_bytes", "lead", "strip_rows", "left_bytes", "copied", "in_pitch", "in_h", "above", "pitch", "band_back",
    "zeros",
)  # fmt: skip
"""The words behind them, read where they are needed."""


class GeometryListing(ScopedListing):
    """A listing whose first S registers hold the first words of the geometry, under their names.

    What is seldom run is put behind the function, so that loops stay small enough for an instruction cache.
    """

    def __init__(self) -> None:
        super().__init__()
        self._later: list[Callable[[], None]] = []

    def later(self, write: Callable[[], None]) -> None:
        """Have something written behind the function: it is entered and left by branches."""
        self._later.append(write)

    def write_later_parts(self) -> None:
        """Behind the function's return."""
        for write in self._later:
            write()

    def load_geometry(self, pointer: str) -> None:
        """Fill the S registers from the table at a register, and keep the address of what follows."""
        for name in HELD:
            self._held[name] = self._free.pop(0)
        self._most = len(HELD)
        self.op(f"vldmia {pointer}!, {{s0-s{len(HELD) - 1}}}")
        self.keep("geometry", pointer)

    def read(self, target: str, name: str, *, geometry: str) -> None:
        """Load one of the other words; a register holds the address kept."""
        self.op(f"ldr {target}, [{geometry}, #{4 * REST.index(name)}]")
