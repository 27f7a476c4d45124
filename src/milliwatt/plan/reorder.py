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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from milliwatt.lower.program import KernelCall, Program, StateArg
from milliwatt.plan.alignment import WORD, align_up
from milliwatt.plan.liveness import states_read
from milliwatt.plan.lower_bound import lower_bound, word_sizes
from milliwatt.plan.overlap import BufferPair, most_shared, permissions
from milliwatt.plan.parts import Atom, Extent, atoms
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
    inside = atoms(program)
    before = [0] * len(program.calls)
    last_write: dict[Atom | str, int] = {}
    since_write: dict[Atom | str, int] = {}
    for step, call in enumerate(program.calls):
        written: set[Atom | str] = {a.state for a in call.arguments if isinstance(a, StateArg)}
        written |= {atom for value in call.writes for atom in inside.get(value, ())}
        read: set[Atom | str] = {atom for value in call.reads for atom in inside.get(value, ())}
        read |= set(states_read(program, call))
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
        touched: the atoms of buffers that each call reads or writes.
        users: the calls that touch each atom.
        sizes: bytes of each atom, rounded up to words where it is a whole buffer.
        held_from_start, held_to_end: atoms of inputs and outputs of the graph.
    """

    before: tuple[int, ...]
    touched: tuple[tuple[Atom, ...], ...]
    users: dict[Atom, int]
    sizes: dict[Atom, int]
    buffers: dict[str, int]
    scratch: tuple[int, ...]
    permitted: tuple[dict[BufferPair, int], ...]
    held_from_start: frozenset[Atom]
    held_to_end: frozenset[Atom]

    @staticmethod
    def of(program: Program) -> _Costs:
        inside, buffers = atoms(program), word_sizes(program)
        touched = tuple(_touched(inside, call) for call in program.calls)
        users: dict[Atom, int] = {}
        for step, own in enumerate(touched):
            for atom in own:
                users[atom] = users.get(atom, 0) | 1 << step
        return _Costs(
            before=dependencies(program),
            touched=touched,
            users=users,
            sizes={atom: _size(atom, buffers) for own in inside.values() for atom in own},
            buffers=buffers,
            scratch=tuple(
                sum(align_up(piece.bytes, WORD) for piece in call.scratch) for call in program.calls
            ),
            permitted=tuple(permissions(program, call) for call in program.calls),
            held_from_start=frozenset(
                atom for value in program.graph.inputs for atom in inside.get(value, ())
            ),
            held_to_end=frozenset(atom for value in program.graph.outputs for atom in inside.get(value, ())),
        )

    def ready(self, done: int) -> Iterator[int]:
        """Calls that may come next, in the order of the program."""
        return (
            call for call, before in enumerate(self.before) if not done >> call & 1 and before & ~done == 0
        )

    def carried_at_start(self) -> int:
        """Bytes of the graph's inputs that some call uses."""
        return sum(self.sizes[atom] for atom in self.held_from_start & self.users.keys())

    def step(self, done: int, call: int, carried: int) -> tuple[int, int]:
        """Bytes needed while the call runs, and bytes carried on to the next one."""
        after = done | 1 << call
        born = [b for b in self.touched[call] if not self.users[b] & done and b not in self.held_from_start]
        dying = [b for b in self.touched[call] if not self.users[b] & ~after and b not in self.held_to_end]
        shared = 0
        if self.permitted[call] and dying:
            shared = most_shared(self.permitted[call], dying=self._extents(dying), born=self._extents(born))
        needed = carried + sum(self.sizes[atom] for atom in born)
        return needed + self.scratch[call] - shared, needed - sum(self.sizes[atom] for atom in dying)

    def _extents(self, found: Sequence[Atom]) -> dict[str, Extent]:
        """What some atoms take of each of their buffers."""
        return {
            buffer: Extent.of(
                ((one.begin, one.end) for one in found if one.buffer == buffer), size=self.buffers[buffer]
            )
            for buffer in {one.buffer for one in found}
        }


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


def _touched(inside: Mapping[str, tuple[Atom, ...]], call: KernelCall) -> tuple[Atom, ...]:
    return tuple(
        dict.fromkeys(atom for value in (*call.reads, *call.writes) for atom in inside.get(value, ()))
    )


def _size(atom: Atom, buffers: Mapping[str, int]) -> int:
    size = atom.end - atom.begin
    return align_up(size, WORD) if align_up(size, WORD) == buffers[atom.buffer] else size
