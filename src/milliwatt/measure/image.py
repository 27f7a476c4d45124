# SPDX-License-Identifier: Apache-2.0
"""What a linked ELF file holds: segments to load, functions, and bytes of code, constants and variables."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from milliwatt.errors import ToolchainError


@dataclass(frozen=True)
class Function:
    """A function: bytes [address, address + bytes), without the Thumb bit."""

    name: str
    address: int
    bytes: int


@dataclass(frozen=True)
class Image:
    """A linked model.

    Attributes:
        segments: address at run time and content of all that is loaded.
        functions: by ascending address; of several names for one address, the first in the file.
        entries: address by name, for every name of a function.
        code: address and content of the code.
        data_ranges: ranges of the code that hold literals instead of instructions.
        code_bytes, constant_bytes, variable_bytes: code with its literals; constants; variables in RAM.
        initialised_bytes: the part of the variables whose initial values also take flash.
    """

    segments: tuple[tuple[int, bytes], ...]
    functions: tuple[Function, ...]
    entries: dict[str, int]
    code: tuple[int, bytes]
    data_ranges: tuple[tuple[int, int], ...]
    code_bytes: int
    constant_bytes: int
    variable_bytes: int
    initialised_bytes: int

    def function_at(self, address: int) -> Function | None:
        """The function that holds an address."""
        index = bisect_right(self.functions, address, key=lambda function: function.address) - 1
        if index < 0:
            return None
        function = self.functions[index]
        return function if address < function.address + max(function.bytes, 1) else None


def section_of(elf: ELFFile, name: str) -> Any:
    """A section that must be there.

    Raises:
        ToolchainError: it is not.
    """
    section = elf.get_section_by_name(name)
    if section is None:
        raise ToolchainError(f"the compiler's result has no section {name}")
    return section


def read_image(file: Path) -> Image:
    """Read a linked ELF file."""
    with file.open("rb") as stream:
        elf = ELFFile(stream)
        sizes = {section.name: int(section["sh_size"]) for section in elf.iter_sections()}
        text = section_of(elf, ".text")
        code = (int(text["sh_addr"]), bytes(text.data()))
        segments = tuple(
            (int(segment["p_vaddr"]), bytes(segment.data()))
            for segment in elf.iter_segments()
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]
        )
        functions, entries, markers = _symbols(elf)
    return Image(
        segments=segments,
        functions=functions,
        entries=entries,
        code=code,
        data_ranges=_data_ranges(markers, code[0] + len(code[1])),
        code_bytes=sizes.get(".text", 0),
        constant_bytes=sizes.get(".rodata", 0),
        variable_bytes=sizes.get(".data", 0) + sizes.get(".bss", 0),
        initialised_bytes=sizes.get(".data", 0),
    )


def _symbols(elf: ELFFile) -> tuple[tuple[Function, ...], dict[str, int], list[tuple[int, bool]]]:
    """Functions, entry addresses, and the marks where code (False) and literals (True) begin."""
    thumb = elf["e_machine"] == "EM_ARM"
    functions: dict[int, Function] = {}
    entries: dict[str, int] = {}
    markers: list[tuple[int, bool]] = []
    for symbol in section_of(elf, ".symtab").iter_symbols():
        address = int(symbol["st_value"])
        if symbol["st_info"]["type"] == "STT_FUNC":
            address = address & ~1 if thumb else address
            entries[symbol.name] = address
            known = functions.get(address)
            if known is None or known.bytes < int(symbol["st_size"]):
                functions[address] = Function(symbol.name, address, int(symbol["st_size"]))
        elif symbol.name[:2] in ("$t", "$x", "$d"):
            markers.append((address, symbol.name.startswith("$d")))
    ordered = tuple(sorted(functions.values(), key=lambda function: function.address))
    return ordered, entries, sorted(markers)


def _data_ranges(markers: list[tuple[int, bool]], end: int) -> tuple[tuple[int, int], ...]:
    ends = [address for address, _ in markers[1:]] + [end]
    pairs = zip(markers, ends, strict=False)
    return tuple((start, min(stop, end)) for (start, data), stop in pairs if data and start < min(stop, end))
