# SPDX-License-Identifier: Apache-2.0
"""What a Thumb function takes from the stack, and what it calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from milliwatt.errors import ToolchainError
from milliwatt.measure.disassembly import capstone
from milliwatt.measure.image import Function, Image
from milliwatt.measure.timing.decode import decode
from milliwatt.targets.timing import Instruction

_MOVES_SP_DOWN = frozenset({"push", "vpush"})
_FRAME_POINTERS = ("r7", "r11", "fp")


def scan_thumb(image: Image, function: Function, code: Iterable[Any]) -> tuple[int, list[int]]:
    """Bytes that a function takes from the stack itself, and the addresses that it calls.

    Raises:
        ToolchainError: the stack pointer is set in a way that cannot be bounded, or a call is indirect.
    """
    scanner = _Scanner(image, function)
    for raw in code:
        scanner.visit(raw, decode(raw))
    return scanner.taken, scanner.calls


class _Scanner:
    """Follows the stack pointer through a function, and constants in registers as far as frames need them."""

    def __init__(self, image: Image, function: Function) -> None:
        self.taken = 0
        self.calls: list[int] = []
        self._image = image
        self._function = function
        self._constants: dict[str, int] = {}
        self._aligned: dict[str, int] = {}  # registers that hold a value rounded down to a multiple
        self._frame: set[str] = set()  # registers that hold an address made from a frame pointer

    def visit(self, raw: Any, instruction: Instruction) -> None:
        """Take in the next instruction."""
        if instruction.kind == "branch":
            self._branch(raw, instruction)
        elif instruction.mnemonic in _MOVES_SP_DOWN:
            self.taken += 4 * instruction.words
        elif instruction.written_back == "sp":
            self._write_back(raw, instruction)
        elif "sp" in instruction.writes and instruction.mnemonic not in ("pop", "vpop"):
            self._set_stack_pointer(raw, instruction)
        self._follow(raw, instruction)

    def _branch(self, raw: Any, instruction: Instruction) -> None:
        target = next((part.imm for part in raw.operands if part.type == capstone.arm.ARM_OP_IMM), None)
        if target is None:
            if instruction.mnemonic == "blx" or "lr" not in raw.op_str:
                raise self._error(raw, "it calls through a register")
            return
        # Armv6-M also branches with BL inside of a function, where nothing else reaches that far.
        start, end = self._function.address, self._function.address + self._function.bytes
        calls_itself = target == start and instruction.mnemonic == "bl"
        if calls_itself or not start <= target < end:
            self.calls.append(target)

    def _write_back(self, raw: Any, instruction: Instruction) -> None:
        if instruction.kind in ("store_multiple", "fp_store_multiple"):
            self.taken += 4 * instruction.words
        elif instruction.kind in ("store", "store_pair"):
            memory = next(part.mem for part in raw.operands if part.type == capstone.arm.ARM_OP_MEM)
            self.taken += max(-memory.disp, 0)

    def _set_stack_pointer(self, raw: Any, instruction: Instruction) -> None:
        sources = raw.operands[1:]
        last = sources[-1]
        name = raw.reg_name(last.reg) if last.type == capstone.arm.ARM_OP_REG else ""
        amount = last.imm if last.type == capstone.arm.ARM_OP_IMM else self._constants.get(name)
        if instruction.mnemonic in ("add", "sub") and amount is not None:
            self.taken += max(amount if instruction.mnemonic == "sub" else -_signed(amount), 0)
        elif instruction.mnemonic == "mov" and name in self._aligned:
            self.taken += self._aligned[name]
        elif not (instruction.mnemonic == "mov" and (name in self._frame or name in _FRAME_POINTERS)):
            raise self._error(raw, "its frame has no known size")

    def _follow(self, raw: Any, instruction: Instruction) -> None:
        """Keep the constants, the rounded values and the frame addresses that registers hold."""
        previous = {name: self._aligned.get(name, 0) for name in instruction.writes}
        for name in instruction.writes:
            self._constants.pop(name, None)
            self._aligned.pop(name, None)
            self._frame.discard(name)
        if len(instruction.writes - {"cpsr"}) != 1 or instruction.conditional or not raw.operands:
            return
        target = next(iter(instruction.writes - {"cpsr"}))
        kinds = capstone.arm
        last = raw.operands[-1]
        if (
            instruction.kind == "load"
            and last.type == kinds.ARM_OP_MEM
            and raw.reg_name(last.mem.base) == "pc"
        ):
            self._constants[target] = self._literal(((raw.address + 4) & ~3) + last.mem.disp)
        elif instruction.mnemonic == "mov" and last.type == kinds.ARM_OP_IMM:
            self._constants[target] = last.imm
        elif instruction.mnemonic == "bfc":
            self._aligned[target] = 1 << last.imm
        elif instruction.mnemonic == "bic" and last.type == kinds.ARM_OP_IMM:
            self._aligned[target] = last.imm + 1
        elif instruction.mnemonic == "lsr" and last.type == kinds.ARM_OP_IMM:
            self._aligned[target] = 1 << last.imm
        elif instruction.mnemonic == "lsl" and previous.get(target) == 1 << last.imm:
            self._aligned[target] = previous[target]
        elif instruction.mnemonic in ("sub", "add") and raw.reg_name(raw.operands[1].reg) in _FRAME_POINTERS:
            self._frame.add(target)

    def _literal(self, address: int) -> int:
        base, code = self._image.code
        return int.from_bytes(code[address - base : address - base + 4], "little")

    def _error(self, raw: Any, reason: str) -> ToolchainError:
        return ToolchainError(
            f"the stack has no bound: {reason} ({raw.mnemonic} {raw.op_str})", where=self._function.name
        )


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
