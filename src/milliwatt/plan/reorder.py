# SPDX-License-Identifier: Apache-2.0
"""Another order of the calls that needs fewer bytes at its worst step.

What is alive depends only on the set of calls that are done, so the best order is a path through these sets
whose worst step is least. A best-first search over the sets finds it (as in Liberis and Lane, "Neural
networks on microcontrollers: saving memory at inference via operator reordering", 2019, there by dynamic
programming and without overlaps). When there are too many sets, a beam keeps the most promising ones of
each size.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

from milliwatt.lower.program import KernelCall, Program, StateArg
from milliwatt.plan.alignment import WORD, align_up
from milliwatt.plan.liveness import buffers_read, buffers_written, states_read
from milliwatt.plan.lower_bound import lower_bound, word_sizes
from milliwatt.plan.overlap import BufferPair, most_shared, permissions
from milliwatt.plan.planner import FAST, Effort


def reorder(program: Program, *, effort: Effort = FAST) -> Program:
    """The program with its calls in an order of lower peak, or the program itself when none was found.

    Every call keeps its place behind those whose results it reads, behind those that read what it
    overwrites, and in the order of accesses to each state variable.
    """
    costs = _Costs.of(program)
    order = _best_first(costs, effort.frontier) or _beam(costs, effort.beam)
    reordered = replace(program, calls=tuple(program.calls[index] for index in order))
    return reordered if lower_bound(reordered) < lower_bound(program) else program


def dependencies(program: Program) -> tuple[int, ...]:
    """For each call the calls that must come before it, as a bit mask of indices."""
    before = [0] * len(program.calls)
    last_write: dict[str, int] = {}
    since_write: dict[str, int] = {}
    for step, call in enumerate(program.calls):
        states = {f"state {a.state}" for a in call.arguments if isinstance(a, StateArg)}
        written = {*(f"buffer {name}" for name in buffers_written(program, call)), *states}
        read = {f"buffer {name}" for name in buffers_read(program, call)}
        read |= {f"state {name}" for name in states_read(program, call)}
        for name in read | written:
            before[step] |= last_write.get(name, 0)
        for name in written:
            before[step] |= since_write.pop(name, 0)
            last_write[name] = 1 << step
        for name in read - written:
            since_write[name] = since_write.get(name, 0) | 1 << step
    return tuple(before)


@dataclass(frozen=True)
class _Costs:
    """What one call costs, given the set of calls that are done (bit masks of indices).

    Attributes:
        before: the calls that each call waits for.
        touched: the buffers that each call reads or writes.
        users: the calls that touch each buffer.
        held_from_start, held_to_end: inputs and outputs of the graph.
    """

    before: tuple[int, ...]
    touched: tuple[tuple[str, ...], ...]
    users: dict[str, int]
    sizes: dict[str, int]
    scratch: tuple[int, ...]
    permitted: tuple[dict[BufferPair, int], ...]
    held_from_start: frozenset[str]
    held_to_end: frozenset[str]

    @staticmethod
    def of(program: Program) -> _Costs:
        touched = tuple(_touched(program, call) for call in program.calls)
        users: dict[str, int] = {}
        for step, buffers in enumerate(touched):
            for buffer in buffers:
                users[buffer] = users.get(buffer, 0) | 1 << step
        return _Costs(
            before=dependencies(program),
            touched=touched,
            users=users,
            sizes=word_sizes(program),
            scratch=tuple(
                sum(align_up(piece.bytes, WORD) for piece in call.scratch) for call in program.calls
            ),
            permitted=tuple(permissions(program, call) for call in program.calls),
            held_from_start=frozenset(program.buffer_of[value] for value in program.graph.inputs),
            held_to_end=frozenset(program.buffer_of[value] for value in program.graph.outputs),
        )

    def ready(self, done: int) -> Iterator[int]:
        """Calls that may come next, in the order of the program."""
        return (
            call for call, before in enumerate(self.before) if not done >> call & 1 and before & ~done == 0
        )

    def carried_at_start(self) -> int:
        """Bytes of the graph's inputs that some call uses."""
        return sum(self.sizes[buffer] for buffer in self.held_from_start & self.users.keys())

    def step(self, done: int, call: int, carried: int) -> tuple[int, int]:
        """Bytes needed while the call runs, and bytes carried on to the next one."""
        after = done | 1 << call
        born = [b for b in self.touched[call] if not self.users[b] & done and b not in self.held_from_start]
        dying = [b for b in self.touched[call] if not self.users[b] & ~after and b not in self.held_to_end]
        shared = 0
        if self.permitted[call] and dying:
            shared = most_shared(self.permitted[call], dying=dying, born=born, sizes=self.sizes)
        needed = carried + sum(self.sizes[buffer] for buffer in born)
        return needed + self.scratch[call] - shared, needed - sum(self.sizes[buffer] for buffer in dying)


@dataclass(frozen=True, order=True)
class _Path:
    """An order of some calls; the lower, the more promising."""

    peak: int
    missing: int
    carried: int
    order: tuple[int, ...]
    done: int

    def extended(self, costs: _Costs, call: int) -> _Path:
        needed, carried = costs.step(self.done, call, self.carried)
        return _Path(
            max(self.peak, needed), self.missing - 1, carried, (*self.order, call), self.done | 1 << call
        )


def _start(costs: _Costs) -> _Path:
    return _Path(0, len(costs.before), costs.carried_at_start(), (), 0)


def _best_first(costs: _Costs, frontier: int) -> tuple[int, ...] | None:
    """The order of least peak, or None when more than ``frontier`` sets would have to be looked at."""
    queue = [_start(costs)]
    closed: set[int] = set()
    while queue and len(closed) <= frontier:
        path = heapq.heappop(queue)
        if path.missing == 0:
            return path.order
        if path.done not in closed:
            closed.add(path.done)
            for call in costs.ready(path.done):
                heapq.heappush(queue, path.extended(costs, call))
    return None


def _beam(costs: _Costs, width: int) -> tuple[int, ...]:
    """An order of low peak: of all sets of the same size, only the ``width`` best are kept."""
    paths = [_start(costs)]
    for _ in costs.before:
        best: dict[int, _Path] = {}
        for path in paths:
            for call in costs.ready(path.done):
                longer = path.extended(costs, call)
                best[longer.done] = min(longer, best.get(longer.done, longer))
        paths = heapq.nsmallest(width, best.values())
    return paths[0].order


def _touched(program: Program, call: KernelCall) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*buffers_read(program, call), *buffers_written(program, call))))
