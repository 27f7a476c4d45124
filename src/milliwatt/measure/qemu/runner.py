# SPDX-License-Identifier: Apache-2.0
"""Runs an emitted model in QEMU: a second emulator, of another house, with its own count of instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.emit.emitted import Emitted
from milliwatt.measure.arena import Arena, check_status
from milliwatt.measure.image import read_image
from milliwatt.measure.qemu.machine import Machine
from milliwatt.measure.qemu.systems import placed, system_for
from milliwatt.measure.room import room_for
from milliwatt.measure.toolchain import CompilerName, Level, build_elf
from milliwatt.targets import Board

Array = npt.NDArray[Any]


class QEMURunner:
    """An emitted model on a machine of QEMU with the board's core. State is kept from run to run until `reset`.

    The model is linked once more: memories of the board's sizes, at the addresses where the machine has its own.

    Args:
        emitted: the model.
        board: a device board with an Arm core.
        level: the optimisation level.
        compiler: clang, or gcc when it is installed.

    Attributes:
        board: the board with its memories at the machine's addresses.
        built: the linked model.
        instructions: instructions of the last run's run function; those that an IT block skipped are counted too.

    Raises:
        UsageError: QEMU has no machine with this core.
        ToolchainError: QEMU is not installed, or the model does not compile.
        BudgetError: it does not fit the board's memories.
    """

    def __init__(
        self, emitted: Emitted, board: Board, *, level: Level = "O2", compiler: CompilerName = "clang"
    ) -> None:
        system = system_for(board)
        self.emitted = emitted
        self.board = placed(board, system)
        self.built = build_elf(emitted, self.board, level=level, compiler=compiler)
        self.instructions = 0
        image = read_image(self.built.file)
        self._room = room_for(emitted, image, self.board)
        self._memory = np.zeros(emitted.plan.arena_bytes, np.uint8)
        self._arena = Arena(emitted, self._memory)
        self._machine = Machine(image, board.core, system)
        self.reset()

    def reset(self) -> None:
        """Set the state variables to their initial values."""
        if self.emitted.stateful:
            self._call(self.emitted.init_function)

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs for one sample.

        Args:
            inputs: one array per graph input, of its element type and shape.

        Raises:
            UsageError: an input has the wrong type or shape.
            ToolchainError: the emulated core faulted.
        """
        plan, graph = self.emitted.plan, self.emitted.plan.program.graph
        self._arena.write_inputs(inputs)
        for name in graph.inputs:
            self._machine.write(self._room.arena + plan.offset_of(name), self._arena.value(name).tobytes())
        self.instructions = self._call(self.emitted.run_function)
        for name in graph.outputs:
            start, size = plan.offset_of(name), graph.values[name].bytes
            raw = self._machine.read(self._room.arena + start, size)
            self._memory[start : start + size] = np.frombuffer(raw, np.uint8)
        return self._arena.read_outputs()

    def _call(self, name: str) -> int:
        returned = self._machine.call(name, self._room.arena, stack=self._room.stack)
        check_status(returned.result, name)
        return returned.instructions
