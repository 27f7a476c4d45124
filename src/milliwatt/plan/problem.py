# SPDX-License-Identifier: Apache-2.0
"""The placement problem that every planner solves: boxes, and for each two that meet, a choice of gaps.

Two boxes that are alive together must be disjoint: either ``offset[i] - offset[j] >= size[j]`` or
``offset[j] - offset[i] >= size[i]``. A permitted overlap only lowers the first of these two numbers, for i
read and j written, to the permitted distance. So one form covers all: *offset[i] - offset[j] >= gap[i][j] or
offset[j] - offset[i] >= gap[j][i]*. Where both cannot fail (the gaps add up to 0 or less) the pair is free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from milliwatt.lower.program import Program
from milliwatt.plan.alignment import ARENA_ALIGNMENT, WORD, align_up, buffer_alignments, state_alignments
from milliwatt.plan.layout import Placement, Plan
from milliwatt.plan.liveness import Interval, liveness
from milliwatt.plan.lower_bound import lower_bound
from milliwatt.plan.overlap import permissions
from milliwatt.plan.parts import Part, parts


@dataclass(frozen=True)
class Box:
    """One thing to place. ``key`` is a buffer's or state's name, or a scratch's (step, index)."""

    kind: Literal["state", "buffer", "scratch"]
    key: str | tuple[int, int]
    bytes: int
    alignment: int
    span: Interval

    @property
    def size(self) -> int:
        """Bytes rounded up to words, as far as the next box can come."""
        return align_up(self.bytes, WORD)


@dataclass(frozen=True)
class Problem:
    """Boxes and gaps.

    Attributes:
        program: where they come from.
        boxes: the states come first.
        gaps: ``gaps[i][j]`` as in the module; i and j without an entry are free of each other.
        pinned: offsets of the first boxes, the states, at the bottom of the arena; empty where that could
            cost bytes and they have to be placed like the rest.
        lower_bound: bytes that no placement can go below.
        alignment: of the arena.
    """

    program: Program
    boxes: tuple[Box, ...]
    gaps: tuple[dict[int, int], ...]
    pinned: tuple[int, ...]
    lower_bound: int
    alignment: int

    @property
    def movable(self) -> range:
        """Indices of the boxes that a planner places."""
        return range(len(self.pinned), len(self.boxes))

    def height(self, offsets: Sequence[int]) -> int:
        """Bytes of the arena, a multiple of a word."""
        return max((offset + box.size for offset, box in zip(offsets, self.boxes, strict=True)), default=0)


def build(program: Program, *, alignment: int = ARENA_ALIGNMENT) -> Problem:
    """The placement problem of a program.

    Args:
        program: the calls in the order in which they will run.
        alignment: of the arena; raised when some box needs more.
    """
    states = _state_boxes(program)
    boxes = (*states, *_buffer_boxes(program), *_scratch_boxes(program))
    return Problem(
        program=program,
        boxes=boxes,
        gaps=_gaps(program, boxes),
        pinned=_pinned(boxes, len(states)),
        lower_bound=lower_bound(program),
        alignment=max([alignment, *(box.alignment for box in boxes)]),
    )


def to_plan(problem: Problem, offsets: Sequence[int], *, planner: str, bound: int | None = None) -> Plan:
    """The plan that puts each box at its offset. ``bound`` replaces a lower bound that was proven weaker."""
    placed = {
        (box.kind, box.key): Placement(_name(box), offset, box.bytes, box.span.first, box.span.last)
        for box, offset in zip(problem.boxes, offsets, strict=True)
    }
    return Plan(
        program=problem.program,
        buffers={
            key: spot for (kind, key), spot in placed.items() if kind == "buffer" and isinstance(key, str)
        },
        scratch={key: spot for (_, key), spot in placed.items() if isinstance(key, tuple)},
        states={
            key: spot for (kind, key), spot in placed.items() if kind == "state" and isinstance(key, str)
        },
        arena_bytes=problem.height(offsets),
        lower_bound=problem.lower_bound if bound is None else bound,
        alignment=problem.alignment,
        planner=planner,
    )


def _name(box: Box) -> str:
    return box.key if isinstance(box.key, str) else f"scratch {box.key[1]} of step {box.key[0]}"


def _state_boxes(program: Program) -> tuple[Box, ...]:
    alignments = state_alignments(program)
    throughout = Interval(-1, len(program.calls))
    return tuple(
        Box("state", state.name, state.type.bytes, alignments[state.name], throughout)
        for state in program.graph.states
    )


def _buffer_boxes(program: Program) -> tuple[Box, ...]:
    sizes, alignments = program.buffer_bytes(), buffer_alignments(program)
    return tuple(
        Box("buffer", buffer, sizes[buffer], alignments[buffer], span)
        for buffer, span in liveness(program).items()
    )


def _scratch_boxes(program: Program) -> tuple[Box, ...]:
    return tuple(
        Box("scratch", (step, index), piece.bytes, max(WORD, piece.alignment), Interval(step, step))
        for step, call in enumerate(program.calls)
        for index, piece in enumerate(call.scratch)
    )


def _pinned(boxes: Sequence[Box], states: int) -> tuple[int, ...]:
    """Offsets of the states at the bottom, or nothing where an arena with them elsewhere could be smaller.

    State meets everything, so a placement falls into parts below and above each state, which can be
    swapped. That keeps all alignments when the sizes of the states are multiples of them.
    """
    strictest = max((box.alignment for box in boxes), default=WORD)
    if any(box.size % strictest for box in boxes[:states]):
        return ()
    return tuple(sum(box.size for box in boxes[:index]) for index in range(states))


def _gaps(program: Program, boxes: Sequence[Box]) -> tuple[dict[int, int], ...]:
    """The gaps of all pairs. What is alive part by part only keeps its distance from what its live parts meet."""
    gaps: tuple[dict[int, int], ...] = tuple({} for _ in boxes)
    found = parts(program)
    pieces = [
        found.get(str(box.key), ()) if box.kind == "buffer" else (Part(0, box.bytes, box.span),)
        for box in boxes
    ]
    excused = _excused(program, boxes)
    for j, lower in enumerate(boxes):
        for i in range(j):
            if boxes[i].span.meets(lower.span) and boxes[i].size and lower.size:
                above, below = _gap(pieces, excused, i, j), _gap(pieces, excused, j, i)
                if above is not None and below is not None and above + below > 0:
                    gaps[i][j], gaps[j][i] = above, below
    return gaps


Excuse = tuple[int, int]
"""The step at which two boxes may overlap, and the distance."""


def _excused(program: Program, boxes: Sequence[Box]) -> dict[tuple[int, int], list[Excuse]]:
    """For pairs of boxes (read, written) what the calls permit."""
    index_of = {box.key: index for index, box in enumerate(boxes) if box.kind == "buffer"}
    excused: dict[tuple[int, int], list[Excuse]] = {}
    for step, call in enumerate(program.calls):
        for (read, write), distance in permissions(program, call).items():
            excused.setdefault((index_of[read], index_of[write]), []).append((step, distance))
    return excused


def _gap(
    pieces: Sequence[tuple[Part, ...]], excused: Mapping[tuple[int, int], Sequence[Excuse]], i: int, j: int
) -> int | None:
    """The least ``offset[i] - offset[j]`` with box i above box j; None where no parts of them meet."""
    permitted = excused.get((i, j), ())
    needed = []
    for upper in pieces[i]:
        for lower in pieces[j]:
            if upper.span.meets(lower.span):
                ends = (
                    distance for step, distance in permitted if upper.span.last == step == lower.span.first
                )
                needed.append(min([align_up(lower.end - upper.begin, WORD), *ends]))
    return max(needed, default=None)
