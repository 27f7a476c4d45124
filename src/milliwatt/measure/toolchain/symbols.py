# SPDX-License-Identifier: Apache-2.0
"""Checks that a compiled model needs nothing from a C library."""

from __future__ import annotations

from pathlib import Path

from elftools.elf.elffile import ELFFile

from milliwatt.errors import ToolchainError
from milliwatt.measure.image import section_of

_ELF_MAGIC = b"\x7fELF"
# Compilers may make these four out of loops and assignments; every run-time library of a compiler has them.
_BLOCK_FUNCTIONS = frozenset({"memcpy", "memmove", "memset", "memcmp"})


def check_freestanding(object_file: Path) -> None:
    """Check the undefined symbols of an object file: helpers of the compiler are allowed, nothing else.

    The run-time library of ziglang also holds mathematical functions, so the linker would not notice.
    Object files that are not ELF (macOS, Windows hosts) are left to their linkers, which refuse
    undefined symbols.

    Raises:
        ToolchainError: a library function is called.
    """
    with object_file.open("rb") as stream:
        if stream.read(4) != _ELF_MAGIC:
            return
        symbols = section_of(ELFFile(stream), ".symtab").iter_symbols()
        undefined = {symbol.name for symbol in symbols if symbol["st_shndx"] == "SHN_UNDEF"}
    wanted = sorted(
        name
        for name in undefined
        if name and not name.startswith(("__", "_GLOBAL_")) and name not in _BLOCK_FUNCTIONS
    )
    if wanted:
        raise ToolchainError(
            f"the emitted C calls {', '.join(wanted)}, but must not need a C library",
            where=object_file.name,
            hint="this is a bug in milliwatt; please report it",
        )
