# SPDX-License-Identifier: Apache-2.0
"""An emulated core with a board's memories, which calls one function after another."""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any

from unicorn import arm_const, riscv_const, unicorn_const

from milliwatt.errors import InternalError, ToolchainError
from milliwatt.measure.arena import Bytes, aligned_bytes
from milliwatt.measure.image import Image
from milliwatt.measure.toolchain import memories
from milliwatt.targets import Board

# The binding has no complete type annotations.
unicorn: Any = importlib.import_module("unicorn")

_PAGE = 4096
_TIMEOUT_MICROSECONDS = 300_000_000
_FULL_FPU_ACCESS = 0xF << 20
_FPU_ENABLED = 1 << 30


@dataclass(frozen=True)
class Registers:
    """Numbers of Unicorn's registers that a call needs, and the bit that addresses of functions carry."""

    pc: int
    stack: int
    link: int
    arguments: tuple[int, int]
    function_bit: int
    status: int | None = None


_THUMB = Registers(
    arm_const.UC_ARM_REG_PC,
    arm_const.UC_ARM_REG_SP,
    arm_const.UC_ARM_REG_LR,
    (arm_const.UC_ARM_REG_R0, arm_const.UC_ARM_REG_R1),
    1,
    arm_const.UC_ARM_REG_XPSR,
)
_RISCV = Registers(
    riscv_const.UC_RISCV_REG_PC,
    riscv_const.UC_RISCV_REG_SP,
    riscv_const.UC_RISCV_REG_RA,
    (riscv_const.UC_RISCV_REG_A0, riscv_const.UC_RISCV_REG_A1),
    0,
)


@functools.cache
def emulator_version() -> str:
    """Name and version of the emulator, for reports."""
    return "Unicorn " + importlib.metadata.version("unicorn")


class Machine:
    """A board with a linked model in its flash.

    Args:
        image: what is in the flash.
        board: a device board.

    Attributes:
        engine: Unicorn's engine.
        registers: the registers of a call.
        ram: the bytes of the RAM, shared with the emulated core.
    """

    def __init__(self, image: Image, board: Board) -> None:
        flash, ram = memories(board)
        self.image = image
        self.board = board
        self.registers = _RISCV if board.core.isa == "riscv32" else _THUMB
        self.engine = _engine(board)
        begin = ram.origin - ram.origin % _PAGE
        whole = aligned_bytes(_rounded(ram.end - begin), _PAGE)
        self._whole = whole  # the engine keeps a plain pointer to these bytes
        self.ram: Bytes = whole[ram.origin - begin :][: ram.bytes]
        readable = unicorn_const.UC_PROT_READ
        pointer = ctypes.c_void_p(whole.ctypes.data)
        self.engine.mem_map_ptr(begin, len(whole), readable | unicorn_const.UC_PROT_WRITE, pointer)
        begin = flash.origin - flash.origin % _PAGE
        self.engine.mem_map(begin, _rounded(flash.end - begin), readable | unicorn_const.UC_PROT_EXEC)
        self._stop = _rounded(max(flash.end, ram.end) if ram.end < 1 << 31 else flash.end)
        self.engine.mem_map(self._stop, _PAGE, unicorn_const.UC_PROT_ALL)
        for address, content in image.segments:
            self.engine.mem_write(address, content)
        self._fault: tuple[int, int] | None = None
        self.engine.hook_add(unicorn_const.UC_HOOK_MEM_INVALID, self._remember_fault)

    def call(self, name: str, *arguments: int, stack: int) -> int:
        """Call a function and return its signed 32-bit result.

        Args:
            name: the function.
            arguments: at most two, in registers.
            stack: the stack pointer on entry.

        Raises:
            ToolchainError: the core faulted; the error names the function and the address.
        """
        engine, registers = self.engine, self.registers
        if name not in self.image.entries:
            raise InternalError(f"the build has no function {name}")
        for register, value in zip(registers.arguments, arguments, strict=False):
            engine.reg_write(register, value)
        engine.reg_write(registers.stack, stack)
        engine.reg_write(registers.link, self._stop | registers.function_bit)
        start = self.image.entries[name] | registers.function_bit
        self._fault = None
        try:
            engine.emu_start(start, self._stop, timeout=_TIMEOUT_MICROSECONDS)
        except unicorn.UcError as error:
            raise self._error(name, str(error)) from error
        if engine.reg_read(registers.pc) & ~registers.function_bit != self._stop:
            raise self._error(name, "it did not return in time")
        return int(ctypes.c_int32(engine.reg_read(registers.arguments[0])).value)

    def _remember_fault(
        self, engine: Any, access: int, address: int, size: int, value: int, user: object
    ) -> bool:
        self._fault = (address, size)
        return False

    def _error(self, name: str, reason: str) -> ToolchainError:
        pc = self.engine.reg_read(self.registers.pc)
        function = self.image.function_at(pc)
        place = f"{pc:#010x}" + (f" in {function.name}" if function else "")
        data = f", data address {self._fault[0]:#010x}, {self._fault[1]} bytes" if self._fault else ""
        return ToolchainError(
            f"the emulated {self.board.core.name} stopped in {name}: {reason}",
            where=f"{place}{data}",
            hint="the emitted code did what this core or board does not allow; please report it",
        )


def _rounded(value: int) -> int:
    return value + -value % _PAGE


def _engine(board: Board) -> Any:
    core = board.core
    if core.isa == "riscv32":
        engine = unicorn.Uc(unicorn_const.UC_ARCH_RISCV, unicorn_const.UC_MODE_RISCV32)
        engine.ctl_set_cpu_model(getattr(riscv_const, core.emulator))
        return engine
    engine = unicorn.Uc(unicorn_const.UC_ARCH_ARM, unicorn_const.UC_MODE_THUMB | unicorn_const.UC_MODE_MCLASS)
    engine.ctl_set_cpu_model(getattr(arm_const, core.emulator))
    if core.fpu:
        access = engine.reg_read(arm_const.UC_ARM_REG_C1_C0_2)
        engine.reg_write(arm_const.UC_ARM_REG_C1_C0_2, access | _FULL_FPU_ACCESS)
        engine.reg_write(arm_const.UC_ARM_REG_FPEXC, _FPU_ENABLED)
    return engine
