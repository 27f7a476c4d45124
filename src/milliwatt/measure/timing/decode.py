# SPDX-License-Identifier: Apache-2.0
"""From Capstone's Thumb instructions to what timing rules ask of an instruction."""

from __future__ import annotations

from functools import cache
from typing import Any

from milliwatt.measure.disassembly import capstone
from milliwatt.targets.timing import Instruction, Kind

_BRANCHES = frozenset({"b", "bl", "bx", "blx", "cbz", "cbnz"})
_MULTIPLY_PREFIXES = ("mul", "mla", "mls", "sml", "smm", "smul", "smu", "umull", "umlal", "umaal")
_KINDS: dict[str, Kind] = {
    "it": "if_then",
    "sdiv": "divide",
    "udiv": "divide",
    "tbb": "table_branch",
    "tbh": "table_branch",
    "ldrd": "load_pair",
    "strd": "store_pair",
    "pop": "load_multiple",
    "push": "store_multiple",
    "vldr": "fp_load",
    "vstr": "fp_store",
    "vpop": "fp_load_multiple",
    "vpush": "fp_store_multiple",
    "fmstat": "fp",
    **dict.fromkeys(_BRANCHES, "branch"),
}
_PREFIXES: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("ldm",), "load_multiple"),
    (("stm",), "store_multiple"),
    (("ldr",), "load"),
    (("str",), "store"),
    (("vldm", "fldm"), "fp_load_multiple"),
    (("vstm", "fstm"), "fp_store_multiple"),
    (("v",), "fp"),
    (_MULTIPLY_PREFIXES, "multiply"),
)
_MULTIPLE = ("load_multiple", "store_multiple", "fp_load_multiple", "fp_store_multiple")
_WRITES_PC = ("alu", "load", "load_multiple")


@cache
def _names() -> dict[int, str]:
    """Base mnemonics, without condition and width, by Capstone's number."""
    constants = vars(capstone.arm)
    return {
        value: name.removeprefix("ARM_INS_").lower()
        for name, value in constants.items()
        if name.startswith("ARM_INS_")
    }


def kind_of(mnemonic: str) -> Kind:
    """The group of an instruction by its base mnemonic."""
    if mnemonic in _KINDS:
        return _KINDS[mnemonic]
    return next((kind for prefixes, kind in _PREFIXES if mnemonic.startswith(prefixes)), "alu")


def decode(raw: Any) -> Instruction:
    """Reduce one of Capstone's Thumb instructions (with details) to what timing rules ask."""
    mnemonic = _names()[raw.id]
    kind = kind_of(mnemonic)
    registers = [raw.reg_name(part.reg) for part in raw.operands if part.type == capstone.arm.ARM_OP_REG]
    memory = next((part.mem for part in raw.operands if part.type == capstone.arm.ARM_OP_MEM), None)
    base = raw.reg_name(memory.base) if memory is not None and memory.base else ""
    index = raw.reg_name(memory.index) if memory is not None and memory.index else ""
    if kind in _MULTIPLE and mnemonic not in ("push", "pop", "vpush", "vpop"):
        base, registers = registers[0], registers[1:]
    written = {raw.reg_name(number) for number in raw.regs_access()[1]}
    written_back = base if raw.writeback else ""
    always = (capstone.arm.ARM_CC_AL, capstone.arm.ARM_CC_INVALID)
    return Instruction(
        address=raw.address,
        bytes=raw.size,
        mnemonic=mnemonic,
        kind=kind,
        writes=frozenset(written - {written_back}),
        address_registers=frozenset({base, index} - {"", "pc"}),
        offset_register=bool(index),
        written_back=written_back,
        words=_words(mnemonic, kind, registers),
        to_pc="pc" in written and kind in _WRITES_PC,
        conditional=mnemonic in ("cbz", "cbnz") or (kind != "if_then" and raw.cc not in always),
    )


def _words(mnemonic: str, kind: Kind, registers: list[str]) -> int:
    """32-bit words that an instruction moves."""
    if kind in _MULTIPLE or kind in ("fp_load", "fp_store"):
        return sum(2 if name.startswith("d") else 1 for name in registers)
    if kind in ("load_pair", "store_pair"):
        return 2
    if kind in ("load", "store"):
        return 1
    return 2 if mnemonic == "vmov" and len(registers) > 2 else 0
