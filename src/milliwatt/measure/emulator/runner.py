# SPDX-License-Identifier: Apache-2.0
"""Runs an emitted model on an emulated core: plainly for many samples, or counted for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.emit.emitted import Emitted
from milliwatt.measure.arena import Arena, check_status
from milliwatt.measure.emulator.machine import Machine
from milliwatt.measure.emulator.trace import Trace, Tracer
from milliwatt.measure.image import Image, read_image
from milliwatt.measure.room import room_for
from milliwatt.measure.toolchain import CompilerName, Level, build_elf, memories
from milliwatt.targets import Board

Array = npt.NDArray[Any]

_PAINT = 0xA5


class _Loaded:
    """A machine with the arena at the start of its RAM and the stack at the end."""

    def __init__(self, emitted: Emitted, image: Image, board: Board) -> None:
        self.machine = Machine(image, board)
        self._emitted = emitted
        _, ram = memories(board)
        room = room_for(emitted, image, board)
        self._address, self._stack = room.arena, room.stack
        self.arena = Arena(emitted, self.machine.ram[room.arena - ram.origin : room.arena_end - ram.origin])
        self._free = self.machine.ram[room.arena_end - ram.origin :]

    def call(self, name: str, *arguments: int) -> None:
        """Call a function of the model with the arena as its first argument."""
        status = self.machine.call(name, self._address, *arguments, stack=self._stack)
        check_status(status, name)

    def reset(self) -> None:
        """Set the state variables to their initial values."""
        if self._emitted.stateful:
            self.call(self._emitted.init_function)

    def paint(self) -> None:
        """Fill the RAM between arena and stack, to see later how deep the stack went."""
        self._free[:] = _PAINT

    def stack_bytes(self) -> int:
        """How far below its start the stack was written since `paint`."""
        touched = np.flatnonzero(self._free != _PAINT)
        return int(self._free.size - touched[0]) if touched.size else 0


class EmulatorRunner:
    """An emitted model on an emulated board. State is kept from run to run until `reset`.

    The emulator allows unaligned data accesses on every core; `trace` finds those that the core forbids.

    Args:
        emitted: the model.
        board: a device board.
        level: the optimisation level.
        compiler: clang, or gcc when it is installed.

    Raises:
        UsageError: the board is the host.
        ToolchainError: it does not compile.
        BudgetError: it does not fit the board's memories.
    """

    def __init__(
        self, emitted: Emitted, board: Board, *, level: Level = "O2", compiler: CompilerName = "clang"
    ) -> None:
        self.emitted = emitted
        self.board = board
        self.built = build_elf(emitted, board, level=level, compiler=compiler)
        self.image = read_image(self.built.file)
        self._plain = _Loaded(emitted, self.image, board)
        self._counted: dict[bool, tuple[_Loaded, Tracer]] = {}
        self._plain.reset()

    def reset(self) -> None:
        """Set the state variables to their initial values."""
        self._plain.reset()

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs for one sample.

        Raises:
            UsageError: an input has the wrong type or shape.
            ToolchainError: the emulated core faulted.
        """
        self._plain.arena.write_inputs(inputs)
        self._plain.call(self.emitted.run_function)
        return self._plain.arena.read_outputs()

    def run_until(self, inputs: Sequence[Array], steps: int) -> None:
        """Carry out the first ``steps`` steps only; needs a model emitted with ``stoppable``."""
        self._plain.arena.write_inputs(inputs)
        self._plain.call(f"{self.emitted.name}_run_until", steps)

    def value(self, name: str) -> Array:
        """A copy of any value as the arena holds it now: whole only as long as the plan keeps it."""
        return self._plain.arena.value(name).copy()

    def trace(self, inputs: Sequence[Array], *, memory: bool = True) -> Trace:
        """Count all that one run does, from cold caches and from the initial state.

        Args:
            inputs: one array per graph input, of its element type and shape.
            memory: whether data accesses are watched; without, it is about ten times as fast.

        Raises:
            UsageError: an input has the wrong type or shape.
            ToolchainError: the emulated core faulted, or made an unaligned access that it forbids.
            InternalError: the run function did not enter every step once.
        """
        if memory not in self._counted:
            loaded = _Loaded(self.emitted, self.image, self.board)
            run = self.image.function_at(self.image.entries[self.emitted.run_function])
            steps = len(self.emitted.step_functions)
            self._counted[memory] = (loaded, Tracer(loaded.machine, run, steps=steps, memory=memory))
        loaded, tracer = self._counted[memory]
        loaded.reset()
        loaded.arena.write_inputs(inputs)
        loaded.paint()
        tracer.clear()
        loaded.call(self.emitted.run_function)
        return tracer.result(stack_bytes=loaded.stack_bytes(), outputs=loaded.arena.read_outputs())
