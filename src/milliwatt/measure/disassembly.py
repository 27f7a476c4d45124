# SPDX-License-Identifier: Apache-2.0
"""Disassembles linked functions with Capstone, literals left out, and counts instructions by their lengths."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from milliwatt.errors import InternalError
from milliwatt.measure.image import Function, Image
from milliwatt.targets.core_registry import Isa

# The binding has no complete type annotations.
capstone: Any = importlib.import_module("capstone")


@cache
def _engine(isa: Isa) -> Any:
    if isa == "riscv32":
        engine = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC)
    else:
        engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    engine.detail = True
    return engine


def code_ranges(image: Image, function: Function) -> Iterator[tuple[int, int]]:
    """The ranges of a function that hold instructions, in order."""
    start, end = function.address, function.address + function.bytes
    for data_start, data_end in image.data_ranges:
        if data_start >= end or data_end <= start:
            continue
        if start < data_start:
            yield start, data_start
        start = max(start, data_end)
    if start < end:
        yield start, end


def disassemble(image: Image, isa: Isa, function: Function) -> Iterator[Any]:
    """The instructions of a function as Capstone gives them, with details.

    Raises:
        InternalError: its bytes are not all instructions.
    """
    base, code = image.code
    for start, end in code_ranges(image, function):
        address = start
        for instruction in _engine(isa).disasm(code[start - base : end - base], start):
            address = instruction.address + instruction.size
            yield instruction
        if address != end:
            raise InternalError(f"no instruction is known at {address:#x} in {function.name}")


def instruction_bytes(isa: Isa, halfword: int) -> int:
    """The length of the instruction that begins with a halfword: 2 or 4 bytes."""
    if isa == "riscv32":
        return 4 if halfword & 3 == 3 else 2
    return 4 if halfword >> 11 in (0b11101, 0b11110, 0b11111) else 2


def count_instructions(image: Image, isa: Isa, *, address: int, size: int) -> int:
    """Number of instructions in a basic block.

    Raises:
        InternalError: the block does not end where an instruction ends.
    """
    base, code = image.code
    position, end, count = address - base, address - base + size, 0
    while position < end:
        position += instruction_bytes(isa, int.from_bytes(code[position : position + 2], "little"))
        count += 1
    if position != end:
        raise InternalError(f"the basic block at {address:#x} does not end with an instruction")
    return count
