# SPDX-License-Identifier: Apache-2.0
"""Counts one run of an emulated model: basic blocks per step, memory events and cache misses."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from unicorn import unicorn_const
from unicorn.unicorn_py3 import unicorn as binding

from milliwatt.errors import InternalError, ToolchainError
from milliwatt.measure.emulator.machine import Machine
from milliwatt.measure.emulator.trace_layout import BLOCK, FLASH_LOAD, STEP, CacheStructure, TraceStructure
from milliwatt.measure.image import Function
from milliwatt.measure.toolchain import cached, compiler_for, content_key, memories, run_tool
from milliwatt.targets import FlashCaches, board

Array = npt.NDArray[Any]

_LIBRARY = {"darwin": "trace.dylib", "win32": "trace.dll"}.get(sys.platform, "trace.so")
_BLOCKS_PER_STEP = 4096
_LOADS_PER_STEP = 4096


_COUNTERS = (
    "block_count",
    "load_count",
    "entered",
    "step",
    "in_run",
    "last_end",
    "last_block",
    "overflow",
    "unaligned_pc",
)


@dataclass(frozen=True)
class Trace:
    """What one run did.

    Attributes:
        blocks: structured array, one row per basic block and step: address, bytes, step, executions,
            sequential (executions that came from the bytes directly in front), fell_through
            (executions that went on to the bytes directly behind).
        flash_loads: structured array, one row per loading instruction and step: address, step, words
            read from flash. Empty when data accesses were not watched.
        steps: structured array, one row per step: unaligned data accesses, sectors missed by the
            instruction cache and by the data cache (0 where the board has no memory model, or where
            data accesses were not watched).
        stack_bytes: how deep the stack was written.
        outputs: what the run computed.
    """

    blocks: Array
    flash_loads: Array
    steps: Array
    stack_bytes: int
    outputs: tuple[Array, ...]


@cache
def _library() -> ctypes.CDLL:
    """The callbacks, compiled for this computer on first use."""
    tool = compiler_for(board("host").core, "clang")
    source = resources.files("milliwatt.measure.emulator").joinpath("trace.c").read_text("utf-8")
    flags = (
        "-std=c99",
        "-O3",
        "-g0",
        "-mcpu=baseline",
        "-shared",
        "-fPIC",
        "-nostdlib",
        "-fvisibility=default",
    )
    command = [*tool.command, *flags, "trace.c", "-o", _LIBRARY]

    def make(directory: Path) -> None:
        (directory / "trace.c").write_text(source, "utf-8", newline="\n")
        run_tool(command, directory=directory, what="trace.c")

    key = content_key("trace", tool.title, flags, sys.platform, source)
    try:
        return ctypes.CDLL(str(cached(key, make) / _LIBRARY))
    except OSError as error:
        raise ToolchainError(f"the emulator's callbacks cannot be loaded: {error}") from error


class Tracer:
    """Counting callbacks on a machine.

    Args:
        machine: the machine; it counts from now on.
        run: the run function; control that leaves it enters the next step.
        steps: number of steps.
        memory: whether data accesses are watched too, at about 0.4 microseconds each.
    """

    def __init__(self, machine: Machine, run: Function | None, *, steps: int, memory: bool) -> None:
        if run is None or run.bytes == 0:
            raise InternalError("the run function has no size in the linked file")
        flash, _ = memories(machine.board)
        caches = machine.board.memory
        line = caches.line_bytes if caches else 32
        begin = flash.origin - flash.origin % line
        halfwords = (flash.end - begin) // 2 + 1
        self._steps = steps
        self._machine = machine
        self._blocks = np.zeros(_BLOCKS_PER_STEP * max(steps, 1), BLOCK)
        self._loads = np.zeros(_LOADS_PER_STEP * max(steps, 1), FLASH_LOAD)
        self._first_block = np.zeros(halfwords, np.uint32)
        self._first_load = np.zeros(halfwords, np.uint32)
        self._counts = np.zeros(max(steps, 1), STEP)
        self._caches = (
            _Cache(caches, "instruction_lines", halfwords),
            _Cache(caches, "data_lines", halfwords),
        )
        self._state = TraceStructure(
            register_read=ctypes.cast(binding.uclib.uc_reg_read, ctypes.c_void_p),
            register_write=ctypes.cast(binding.uclib.uc_reg_write, ctypes.c_void_p),
            blocks=self._blocks.ctypes.data,
            first_block=self._first_block.ctypes.data,
            loads=self._loads.ctypes.data,
            first_load=self._first_load.ctypes.data,
            steps=self._counts.ctypes.data,
            pc_register=machine.registers.pc,
            status_register=-1 if machine.registers.status is None else machine.registers.status,
            flash_begin=begin,
            flash_end=flash.end,
            run_begin=run.address,
            run_end=run.address + run.bytes,
            line_shift=line.bit_length() - 1,
            sector_shift=(caches.sector_bytes if caches else line).bit_length() - 1,
            step_count=steps,
            block_capacity=len(self._blocks),
            load_capacity=len(self._loads),
        )
        accesses = unicorn_const.UC_HOOK_MEM_READ | unicorn_const.UC_HOOK_MEM_WRITE
        self._attach(machine, unicorn_const.UC_HOOK_BLOCK, _library().mw_trace_block)
        if memory:
            self._attach(machine, accesses, _library().mw_trace_memory)

    def _attach(self, machine: Machine, kind: int, callback: Any) -> None:
        status = binding.uclib.uc_hook_add(
            machine.engine._uch,
            ctypes.byref(ctypes.c_size_t()),
            kind,
            ctypes.cast(callback, ctypes.c_void_p),
            ctypes.cast(ctypes.pointer(self._state), ctypes.c_void_p),
            1,
            0,
        )
        if status != 0:
            raise ToolchainError(f"the emulator refuses callbacks (Unicorn error {status})")

    def clear(self) -> None:
        """Forget all counts and empty the caches."""
        for table in (self._first_block, self._first_load):
            table[:] = 0
        self._counts[:] = np.zeros((), STEP)
        self._state.instructions = self._caches[0].cleared()
        self._state.data = self._caches[1].cleared()
        for field in _COUNTERS:
            setattr(self._state, field, 0)

    def result(self, *, stack_bytes: int, outputs: list[Array]) -> Trace:
        """The counts since `clear`.

        Raises:
            InternalError: the steps were not entered once each, or there were more blocks than room.
            ToolchainError: there were unaligned data accesses, which this core forbids.
        """
        if self._state.unaligned_pc and not self._machine.board.core.unaligned:
            raise self._unaligned()
        if self._state.overflow:
            raise InternalError("the run has more basic blocks than the trace has room for")
        if self._state.entered != self._steps:
            raise InternalError(f"the run entered {self._state.entered} steps instead of {self._steps}")
        return Trace(
            blocks=self._blocks[: self._state.block_count].copy(),
            flash_loads=self._loads[: self._state.load_count].copy(),
            steps=self._counts[: self._steps].copy(),
            stack_bytes=stack_bytes,
            outputs=tuple(outputs),
        )

    def _unaligned(self) -> ToolchainError:
        core, address = self._machine.board.core, self._state.unaligned_pc & ~1
        function = self._machine.image.function_at(address)
        return ToolchainError(
            f"the code makes an unaligned data access, where {core.title} faults (the emulator does not)",
            where=f"{address:#010x}" + (f" in {function.name}" if function else ""),
            hint="please report it",
        )


class _Cache:
    """The memory of one simulated cache."""

    def __init__(self, caches: FlashCaches | None, lines: str, halfwords: int) -> None:
        slots = int(getattr(caches, lines)) if caches else 0
        self._slots = slots
        self._slot_of_line = np.zeros(halfwords if slots else 1, np.uint16)
        self._line_of_slot = np.zeros(max(slots, 1), np.uint32)
        self._sectors = np.zeros(max(slots, 1), np.uint32)
        self._used = np.zeros(max(slots, 1), np.uint64)

    def cleared(self) -> CacheStructure:
        """The structure of an empty cache over this memory."""
        for table in (self._slot_of_line, self._line_of_slot, self._sectors, self._used):
            table[:] = 0
        return CacheStructure(
            slot_of_line=self._slot_of_line.ctypes.data,
            line_of_slot=self._line_of_slot.ctypes.data,
            sectors=self._sectors.ctypes.data,
            used=self._used.ctypes.data,
            slots=self._slots,
        )
