# SPDX-License-Identifier: Apache-2.0
"""Decoded instructions by address, with what stands in front of each in sequence."""

from __future__ import annotations

from milliwatt.errors import InternalError
from milliwatt.measure.disassembly import disassemble
from milliwatt.measure.image import Image
from milliwatt.measure.timing.decode import decode
from milliwatt.targets.core_registry import Isa
from milliwatt.targets.timing import Instruction


class Listing:
    """The instructions of a linked model, decoded function by function when first asked for."""

    def __init__(self, image: Image, isa: Isa) -> None:
        self._image = image
        self._isa = isa
        self._at: dict[int, Instruction] = {}
        self._ending_at: dict[int, Instruction] = {}
        self._decoded: set[int] = set()

    def block(self, address: int, size: int) -> tuple[Instruction, ...]:
        """The instructions of a basic block.

        Raises:
            InternalError: the block is not made of the function's instructions.
        """
        found: list[Instruction] = []
        position = address
        while position < address + size:
            instruction = self._instruction(position)
            found.append(instruction)
            position += instruction.bytes
        if position != address + size:
            raise InternalError(f"the basic block at {address:#x} does not end with an instruction")
        return tuple(found)

    def before(self, address: int) -> Instruction | None:
        """The instruction directly in front of an address, in the same function."""
        self._instruction(address)
        return self._ending_at.get(address)

    def wide_run(self, instruction: Instruction) -> int:
        """Number of an instruction in its run of unaligned 32-bit instructions, when reached in sequence.

        Branches do not count and end a run.
        """
        run = 0
        at: Instruction | None = instruction
        while at is not None and at.wide_unaligned and not is_branch(at):
            run += 1
            at = self._ending_at.get(at.address)
        return run

    def _instruction(self, address: int) -> Instruction:
        if address not in self._at:
            function = self._image.function_at(address)
            if function is None or function.address in self._decoded:
                raise InternalError(f"the emulator ran {address:#x}, where the file has no instruction")
            self._decoded.add(function.address)
            for raw in disassemble(self._image, self._isa, function):
                instruction = decode(raw)
                self._at[instruction.address] = instruction
                self._ending_at[instruction.address + instruction.bytes] = instruction
        return self._at[address]


def is_branch(instruction: Instruction) -> bool:
    """Whether an instruction may leave the sequence."""
    return instruction.kind in ("branch", "table_branch") or instruction.to_pc
