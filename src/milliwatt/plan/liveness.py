# SPDX-License-Identifier: Apache-2.0
"""From which step to which step each buffer holds something."""

from __future__ import annotations

from collections.abc import Iterable
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
    """Buffers that a call reads, each once; not those that are a state variable's memory."""
    return _placed(program, call.reads)


def buffers_written(program: Program, call: KernelCall) -> tuple[str, ...]:
    """Buffers that a call writes, each once."""
    return _placed(program, call.writes)


def states_read(program: Program, call: KernelCall) -> tuple[str, ...]:
    """State variables whose memory holds values that a call reads, each once."""
    homes = (program.home_state(value) for value in call.reads)
    return tuple(dict.fromkeys(home for home in homes if home is not None))


def _placed(program: Program, values: Iterable[str]) -> tuple[str, ...]:
    """The buffers of values, each once, without those that are a state variable's memory."""
    buffers = dict.fromkeys(program.buffer_of[value] for value in values)
    return tuple(buffer for buffer in buffers if buffer not in program.state_of)


def liveness(program: Program) -> dict[str, Interval]:
    """The interval of every buffer that a call, the caller's inputs or the caller's outputs use.

    Graph inputs live from step -1 to their last use, because the caller fills them all before the run.
    Graph outputs live to step ``len(calls)``, because the caller reads them all after it. Anything else
    lives from the first call that touches it to the last. Views count as uses of the buffer they share. Buffers
    that are a state variable's memory have no interval of their own.
    """
    uses: dict[str, list[int]] = {}
    for buffer in _placed(program, program.graph.inputs):
        uses.setdefault(buffer, []).append(-1)
    for step, call in enumerate(program.calls):
        for buffer in (*buffers_read(program, call), *buffers_written(program, call)):
            uses.setdefault(buffer, []).append(step)
    for buffer in _placed(program, program.graph.outputs):
        uses.setdefault(buffer, []).append(len(program.calls))
    return {buffer: Interval(min(steps), max(steps)) for buffer, steps in uses.items()}
