# SPDX-License-Identifier: Apache-2.0
"""The result of planning: the order of the calls and the address of every buffer in the arena."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from milliwatt.lower.program import Program


@dataclass(frozen=True)
class Placement:
    """Bytes [offset, offset + bytes) of the arena, held from before step ``first`` to after step ``last``.

    Steps are indices into the plan's order. A graph input is held from step -1, an output until step
    ``len(order)``; state is held throughout.
    """

    name: str
    offset: int
    bytes: int
    first: int
    last: int

    @property
    def end(self) -> int:
        """The first byte behind."""
        return self.offset + self.bytes


@dataclass(frozen=True)
class Plan:
    """Where everything lies.

    Attributes:
        program: the program whose calls are run as they stand in ``program.calls``: a planner that
            reorders returns a program with reordered calls.
        buffers: placement of each buffer by name.
        scratch: placement of each scratch argument by (step, index among the call's scratch arguments).
        states: placement of each state variable by name.
        arena_bytes: size of the arena.
        lower_bound: bytes that no plan of this order of calls can go below: at the worst step, all that
            is alive at once, with every permitted overlap granted in full, or the size of the arena itself
            when an exhaustive search has proven it least.
        alignment: alignment that the caller must give the arena, bytes.
        planner: name of the planner that made the plan.
    """

    program: Program
    buffers: Mapping[str, Placement]
    scratch: Mapping[tuple[int, int], Placement]
    states: Mapping[str, Placement]
    arena_bytes: int
    lower_bound: int
    alignment: int
    planner: str

    def __post_init__(self) -> None:
        for name in ("buffers", "scratch", "states"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def offset_of(self, value: str) -> int:
        """Offset of a value in the arena."""
        state = self.program.home_state(value)
        spot = self.buffers[self.program.buffer_of[value]] if state is None else self.states[state]
        return spot.offset + self.program.begin_of.get(value, 0)
