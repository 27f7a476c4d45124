# SPDX-License-Identifier: Apache-2.0
"""From which step to which step each buffer holds something."""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.errors import InternalError
from milliwatt.lower.program import KernelCall, Program


@dataclass(frozen=True)
class Interval:
    """The steps ``first`` … ``last``, both included; -1 is before the first call, ``len(calls)`` behind."""

    first: int
    last: int

    def meets(self, other: Interval) -> bool:
        """Whether the two have a step in common."""
        return self.first <= other.last and other.first <= self.last


def require_buffers(program: Program) -> None:
    """Raises `InternalError` when a call, an input or an output of the graph has a value without a buffer."""
    for value in (*program.graph.inputs, *program.graph.outputs):
        if value not in program.buffer_of:
            raise InternalError(f"lowering gave no buffer to {value!r}", where=f"graph {program.graph.name}")
    for call in program.calls:
        for value in (*call.reads, *call.writes):
            if value not in program.buffer_of:
                raise InternalError(f"lowering gave no buffer to {value!r}", where=call.source)


def buffers_read(program: Program, call: KernelCall) -> tuple[str, ...]:
    """Buffers that a call reads, each once."""
    return tuple(dict.fromkeys(program.buffer_of[value] for value in call.reads))


def buffers_written(program: Program, call: KernelCall) -> tuple[str, ...]:
    """Buffers that a call writes, each once."""
    return tuple(dict.fromkeys(program.buffer_of[value] for value in call.writes))


def liveness(program: Program) -> dict[str, Interval]:
    """The interval of every buffer that a call, the caller's inputs or the caller's outputs use.

    Graph inputs live from step -1 to their last use, because the caller fills them all before the run.
    Graph outputs live to step ``len(calls)``, because the caller reads them all after it. Anything else
    lives from the first call that touches it to the last. Views count as uses of the buffer they share.
    """
    uses: dict[str, list[int]] = {}
    for value in program.graph.inputs:
        uses.setdefault(program.buffer_of[value], []).append(-1)
    for step, call in enumerate(program.calls):
        for value in (*call.reads, *call.writes):
            uses.setdefault(program.buffer_of[value], []).append(step)
    for value in program.graph.outputs:
        uses.setdefault(program.buffer_of[value], []).append(len(program.calls))
    return {buffer: Interval(min(steps), max(steps)) for buffer, steps in uses.items()}
