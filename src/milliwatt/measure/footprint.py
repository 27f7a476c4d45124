# SPDX-License-Identifier: Apache-2.0
"""What a model takes of a board's memories, from the linked file alone: nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from milliwatt.emit.emitted import Emitted
from milliwatt.measure.image import Image, read_image
from milliwatt.measure.stack import stack_bound
from milliwatt.measure.toolchain import CompilerName, Level, build_elf
from milliwatt.targets import Board


@dataclass(frozen=True)
class Footprint:
    """Bytes of RAM and flash.

    Attributes:
        arena: the arena, by the plan.
        stack: what the model's functions can need at most, by the machine code; without interrupts.
        static: variables outside of arena and stack.
        code: instructions, their literals, and the compiler's helpers.
        weights: constants.

    All but the arena are None on the host, which is not measured.
    """

    arena: int
    stack: int | None
    static: int | None
    code: int | None
    weights: int | None

    @property
    def ram_total(self) -> int | None:
        """All RAM; None on the host."""
        if self.stack is None or self.static is None:
            return None
        return self.arena + self.stack + self.static

    @property
    def flash_total(self) -> int | None:
        """All flash; None on the host."""
        return None if self.code is None or self.weights is None else self.code + self.weights

    def to_json(self) -> dict[str, Any]:
        """As JSON, in the form that profiles have too."""
        return {
            "ram_bytes": {
                "arena": self.arena,
                "stack": self.stack,
                "static": self.static,
                "total": self.ram_total,
            },
            "flash_bytes": {"code": self.code, "weights": self.weights, "total": self.flash_total},
        }


def footprint_of(image: Image, emitted: Emitted, board: Board) -> Footprint:
    """The footprint of a linked model.

    Raises:
        ToolchainError: the stack has no bound.
    """
    entries = (emitted.run_function, emitted.init_function)
    return Footprint(
        arena=emitted.plan.arena_bytes,
        stack=stack_bound(image, board.core.isa, entries=entries),
        static=image.variable_bytes,
        code=image.code_bytes,
        weights=image.constant_bytes + image.initialised_bytes,
    )


def footprint(
    emitted: Emitted, board: Board, *, level: Level = "O2", compiler: CompilerName = "clang"
) -> Footprint:
    """Compile a model for a board and say what it takes of its memories; on the host the arena alone.

    Raises:
        ToolchainError: it does not compile, or its stack has no bound.
        BudgetError: it does not fit the board's flash.
    """
    if board.core.is_host:
        return Footprint(emitted.plan.arena_bytes, None, None, None, None)
    image = read_image(build_elf(emitted, board, level=level, compiler=compiler).file)
    return footprint_of(image, emitted, board)
