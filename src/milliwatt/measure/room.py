# SPDX-License-Identifier: Apache-2.0
"""Where the arena and the stack of a linked model lie in a board's RAM, behind its variables."""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.emit.emitted import Emitted
from milliwatt.errors import BudgetError
from milliwatt.measure.image import Image
from milliwatt.measure.stack import stack_bound
from milliwatt.measure.toolchain import memories
from milliwatt.targets import Board

_STACK_ALIGNMENT = 16
# With more RAM than this left, the stack is not bounded before the run, which would take longer than the run.
_STACK_COUNTED_BELOW = 32 * 1024


@dataclass(frozen=True)
class Room:
    """Addresses in RAM: the start of the arena, its end, and the stack pointer on entry, from which it grows down."""

    arena: int
    arena_end: int
    stack: int


def room_for(emitted: Emitted, image: Image, board: Board) -> Room:
    """Place the arena behind the variables and the stack at the end of RAM.

    Raises:
        BudgetError: the arena and what the stack can need do not fit.
    """
    _, ram = memories(board)
    begin = ram.origin + image.variable_bytes
    arena = begin + -begin % emitted.plan.alignment
    end = arena + emitted.plan.arena_bytes
    stack = _stack_bytes(emitted, image, board) if ram.end - end < _STACK_COUNTED_BELOW else 0
    if ram.end - end < stack:
        needed = f"{emitted.plan.arena_bytes} bytes of arena and {stack} of stack"
        raise BudgetError(
            f"the model needs {needed}, but {board.title} has {ram.bytes} bytes of RAM",
            where=board.name,
            hint="choose a board with more RAM, or make the model smaller",
        )
    return Room(arena, end, ram.end - ram.end % _STACK_ALIGNMENT)


def _stack_bytes(emitted: Emitted, image: Image, board: Board) -> int:
    """What the model's functions can need at most, with room for aligning the stack's start."""
    entries = (emitted.run_function, emitted.init_function)
    return stack_bound(image, board.core.isa, entries=entries) + _STACK_ALIGNMENT
