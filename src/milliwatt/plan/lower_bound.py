# SPDX-License-Identifier: Apache-2.0
"""How many bytes each step cannot do without, whatever the addresses.

At a step, everything alive lies in the arena at once, so the arena is at least as large as the union of
the live parts of buffers, the call's scratch and the state. They are pairwise disjoint, except that a buffer that
dies at the call may share bytes with one born there, where the kernel permits it. Granting each such pair
as many bytes as its distance allows (`milliwatt.plan.overlap`) and subtracting them gives a sound bound: it
looks at one step at a time and forgets that a buffer has one address for its whole life, so the optimum
can lie above it.

Sizes are rounded up to words: all offsets and the arena are multiples of a word, so the bytes between the end
of a buffer and the next word are lost in every plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from milliwatt.lower.program import Program
from milliwatt.plan.alignment import WORD, align_up
from milliwatt.plan.liveness import Interval
from milliwatt.plan.overlap import most_shared, permissions
from milliwatt.plan.parts import Extent, Part, parts


@dataclass(frozen=True)
class Load:
    """What one step needs.

    Attributes:
        step: index of the call, -1 before the first, ``len(calls)`` after the last.
        bytes: the bound for this step.
        live: everything that is there with its own bytes, largest first.
        shared: bytes by which permitted overlaps reduce the sum of ``live`` (rounded up to words).
    """

    step: int
    bytes: int
    live: tuple[tuple[str, int], ...]
    shared: int


def word_sizes(program: Program) -> dict[str, int]:
    """Bytes of each buffer, rounded up to words."""
    return {buffer: align_up(size, WORD) for buffer, size in program.buffer_bytes().items()}


def loads(program: Program) -> tuple[Load, ...]:
    """The load of every step from -1 to ``len(calls)``, in order."""
    found = parts(program)
    sizes = word_sizes(program)
    states = [(state.name, state.type.bytes) for state in program.graph.states]
    result = []
    for step, alive in enumerate(_alive(found, len(program.calls)), start=-1):
        others = [*states, *_scratch(program, step)]
        shared = _shared(program, step, found, sizes)
        live = sorted([*alive.items(), *others], key=_largest_first)
        total = sum(align_up(size, WORD) for _, size in live) - shared
        result.append(Load(step, total, tuple(live), shared))
    return tuple(result)


def binding_load(program: Program) -> Load:
    """The first of the steps that need most."""
    return max(loads(program), key=lambda load: load.bytes)


def lower_bound(program: Program) -> int:
    """Bytes that no arena for this order of calls can go below."""
    return binding_load(program).bytes


def _largest_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _scratch(program: Program, step: int) -> list[tuple[str, int]]:
    if not 0 <= step < len(program.calls):
        return []
    return [(f"scratch {index}", piece.bytes) for index, piece in enumerate(program.calls[step].scratch)]


def _alive(found: Mapping[str, tuple[Part, ...]], calls: int) -> list[dict[str, int]]:
    """For every step from -1 on the buffers of which something is alive, and how many bytes."""
    alive: list[dict[str, int]] = [{} for _ in range(calls + 2)]
    for buffer, own in found.items():
        for one in own:
            for at_step in alive[max(one.span.first, -1) + 1 : min(one.span.last, calls) + 2]:
                at_step[buffer] = at_step.get(buffer, 0) + one.end - one.begin
    return alive


def _shared(
    program: Program, step: int, found: Mapping[str, tuple[Part, ...]], sizes: Mapping[str, int]
) -> int:
    permitted = permissions(program, program.calls[step]) if 0 <= step < len(program.calls) else {}
    if not permitted:
        return 0

    def extents(side: int, edge: Callable[[Interval], int]) -> dict[str, Extent]:
        buffers = dict.fromkeys(pair[side] for pair in permitted)
        return {
            buffer: Extent.of(
                ((one.begin, one.end) for one in found.get(buffer, ()) if edge(one.span) == step),
                size=sizes[buffer],
            )
            for buffer in buffers
        }

    dying, born = extents(0, lambda span: span.last), extents(1, lambda span: span.first)
    return most_shared(permitted, dying=dying, born=born)
