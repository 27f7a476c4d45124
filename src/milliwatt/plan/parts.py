# SPDX-License-Identifier: Apache-2.0
"""When each byte of a buffer holds something: a buffer whose values are parts of it is alive part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from milliwatt.lower.program import Program
from milliwatt.plan.alignment import WORD, align_up
from milliwatt.plan.liveness import Interval


class Atom(NamedTuple):
    """Bytes [begin, end) of a buffer that no value has only some of."""

    buffer: str
    begin: int
    end: int


@dataclass(frozen=True)
class Part:
    """Bytes [begin, end) of a buffer that are alive together."""

    begin: int
    end: int
    span: Interval


@dataclass(frozen=True)
class Extent:
    """Some bytes of a buffer: how many, and the first and the end of the range that they lie in."""

    bytes: int
    begin: int
    end: int

    @staticmethod
    def of(ranges: Iterable[tuple[int, int]], *, size: int) -> Extent:
        """Of disjoint ranges of a buffer; all of it takes its ``size``, which is rounded up to words."""
        found = list(ranges)
        count = sum(end - begin for begin, end in found)
        if align_up(count, WORD) == size:
            return Extent(size, 0, size)
        return Extent(
            count, min((one[0] for one in found), default=0), max((one[1] for one in found), default=0)
        )


def atoms(program: Program) -> dict[str, tuple[Atom, ...]]:
    """The atoms of every value that a call, the caller's inputs or the caller's outputs use, in order."""
    used = _uses(program)
    edges: dict[str, set[int]] = {}
    for value in used:
        edges.setdefault(program.buffer_of[value], set()).update(program.span_of(value))
    pieces = {buffer: [Atom(buffer, *pair) for pair in pairwise(sorted(at))] for buffer, at in edges.items()}
    result = {}
    for value in used:
        begin, end = program.span_of(value)
        inside = (one for one in pieces[program.buffer_of[value]] if begin <= one.begin and one.end <= end)
        result[value] = tuple(inside)
    return result


def parts(program: Program) -> dict[str, tuple[Part, ...]]:
    """The parts of every buffer that is used, in order; bytes that nobody uses are in none.

    A part is alive from the first to the last step that uses any value with its bytes, by the rules of
    `milliwatt.plan.liveness.liveness`.
    """
    used, spans = _uses(program), dict[Atom, Interval]()
    for value, inside in atoms(program).items():
        for atom in inside:
            known = spans.get(atom, used[value])
            spans[atom] = Interval(min(known.first, used[value].first), max(known.last, used[value].last))
    buffers: dict[str, list[Atom]] = {}
    for atom in sorted(spans):
        buffers.setdefault(atom.buffer, []).append(atom)
    return {buffer: tuple(_merged(found, spans)) for buffer, found in buffers.items()}


def _uses(program: Program) -> dict[str, Interval]:
    """The first and the last step that uses each value, of those that do not lie in a state variable's memory."""
    steps: dict[str, list[int]] = {value: [-1] for value in program.graph.inputs}
    for step, call in enumerate(program.calls):
        for value in (*call.reads, *call.writes):
            steps.setdefault(value, []).append(step)
    for value in program.graph.outputs:
        steps.setdefault(value, []).append(len(program.calls))
    return {
        value: Interval(min(at), max(at))
        for value, at in steps.items()
        if program.buffer_of[value] not in program.state_of
    }


def _merged(found: Iterable[Atom], spans: Mapping[Atom, Interval]) -> Iterator[Part]:
    """Parts in order; neighbours of the same span are one."""
    last: Part | None = None
    for atom in found:
        span = spans[atom]
        if last is not None and last.end == atom.begin and last.span == span:
            last = Part(last.begin, atom.end, span)
            continue
        if last is not None:
            yield last
        last = Part(atom.begin, atom.end, span)
    if last is not None:
        yield last
