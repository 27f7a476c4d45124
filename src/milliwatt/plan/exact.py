# SPDX-License-Identifier: Apache-2.0
"""Branch and bound over "which of the two lies above", exact where the inferences suffice.

For an arena of a given size each offset has a lowest and a highest possible place. A pair of boxes that
meet needs one of two orientations, each a difference constraint; when the places leave only one possible it
is forced and narrows the places of both (the disjunctive constraint propagation of job-shop scheduling,
Carlier and Pinson 1989). Branching decides the tightest open pair. When none is open, the lowest places are
a solution. The size is lowered until no solution is left, which proves the last one optimal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from milliwatt.plan.alignment import WORD, align_down, align_up
from milliwatt.plan.greedy import place as greedy_place
from milliwatt.plan.planner import Effort, Planner, Solution
from milliwatt.plan.problem import Problem

_OPEN, _FIRST_ABOVE, _SECOND_ABOVE, _SATISFIED = range(4)


class _OutOfInferences(Exception):  # noqa: N818 - not an error: a counter that ran out
    """The allowance of inferences is spent."""


@dataclass
class _Node:
    """Lowest and highest offset of each box, and what is decided of each pair."""

    low: list[int]
    high: list[int]
    decided: bytearray

    def copy(self) -> _Node:
        return _Node(self.low.copy(), self.high.copy(), self.decided.copy())


@dataclass
class _Search:
    """The pairs of a problem, how many inferences are left in all, and how many for the size at hand."""

    problem: Problem
    inferences: int
    share: int = 0
    pairs: list[tuple[int, int, int, int]] = field(default_factory=list)
    pairs_of: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pairs_of = [[] for _ in self.problem.boxes]
        for i in self.problem.movable:
            for j, gap in self.problem.gaps[i].items():
                if j < i:
                    self.pairs_of[i].append(len(self.pairs))
                    self.pairs_of[j].append(len(self.pairs))
                    self.pairs.append((i, j, gap, self.problem.gaps[j][i]))

    def root(self, arena_bytes: int) -> _Node:
        """All offsets that an arena of that size leaves, nothing decided."""
        boxes = self.problem.boxes
        low = [*self.problem.pinned, *(0 for _ in self.problem.movable)]
        high = [
            *self.problem.pinned,
            *(align_down(arena_bytes - boxes[i].size, boxes[i].alignment) for i in self.problem.movable),
        ]
        return _Node(low, high, bytearray(len(self.pairs)))

    def solve(self, arena_bytes: int) -> tuple[int, ...] | None:
        """Offsets within the arena, or None when it is proven that there are none.

        Raises:
            _OutOfInferences: neither was found.
        """
        self.share = self.inferences // 3
        root = self.root(arena_bytes)
        if any(low > high for low, high in zip(root.low, root.high, strict=True)):
            return None
        stack = [root] if self._propagate(root, range(len(self.pairs))) else []
        while stack:
            node = stack.pop()
            pair = self._tightest(node)
            if pair is None:
                return tuple(node.low)
            stack.extend(self._children(node, pair))
        return None

    def _children(self, node: _Node, pair: int) -> list[_Node]:
        """The two orientations of a pair as far as they are possible, the roomier one last."""
        first_room, second_room = self._rooms(node, pair)
        choices = (
            [_SECOND_ABOVE, _FIRST_ABOVE] if first_room >= second_room else [_FIRST_ABOVE, _SECOND_ABOVE]
        )
        children = []
        for choice in choices:
            child = node.copy()
            child.decided[pair] = choice
            if self._propagate(child, [pair]):
                children.append(child)
        return children

    def _rooms(self, node: _Node, pair: int) -> tuple[int, int]:
        i, j, first_gap, second_gap = self.pairs[pair]
        return node.high[i] - node.low[j] - first_gap, node.high[j] - node.low[i] - second_gap

    def _tightest(self, node: _Node) -> int | None:
        open_pairs = [pair for pair, decided in enumerate(node.decided) if decided == _OPEN]
        self._spend(len(open_pairs))
        return min(open_pairs, key=lambda pair: sum(self._rooms(node, pair)), default=None)

    def _spend(self, count: int) -> None:
        self.inferences -= count
        self.share -= count
        if self.share < 0:
            raise _OutOfInferences

    def _propagate(self, node: _Node, changed: Iterable[int]) -> bool:
        """Narrows the offsets until nothing follows any more; False when some box has no place left."""
        queue = dict.fromkeys(changed)
        while queue:
            self._spend(1)
            pair = next(iter(queue))
            del queue[pair]
            if node.decided[pair] == _OPEN and not self._force(node, pair):
                return False
            if node.decided[pair] in (_FIRST_ABOVE, _SECOND_ABOVE):
                moved = self._narrow(node, pair)
                if moved is None:
                    return False
                for box in moved:
                    queue.update(dict.fromkeys(self.pairs_of[box]))
                queue.pop(pair, None)
        return True

    def _force(self, node: _Node, pair: int) -> bool:
        """Decides a pair where one orientation is left; False when none is."""
        i, j, first_gap, second_gap = self.pairs[pair]
        first_room, second_room = self._rooms(node, pair)
        if first_room < 0 and second_room < 0:
            return False
        if first_room < 0 or second_room < 0:
            node.decided[pair] = _SECOND_ABOVE if first_room < 0 else _FIRST_ABOVE
        elif node.low[i] - node.high[j] >= first_gap or node.low[j] - node.high[i] >= second_gap:
            node.decided[pair] = _SATISFIED
        return True

    def _narrow(self, node: _Node, pair: int) -> list[int] | None:
        """The boxes whose places a decided pair narrows, or None when one has no place left."""
        i, j, first_gap, second_gap = self.pairs[pair]
        upper, lower, gap = (i, j, first_gap) if node.decided[pair] == _FIRST_ABOVE else (j, i, second_gap)
        boxes, moved = self.problem.boxes, []
        least = align_up(node.low[lower] + gap, boxes[upper].alignment)
        if least > node.low[upper]:
            node.low[upper] = least
            moved.append(upper)
        most = align_down(node.high[upper] - gap, boxes[lower].alignment)
        if most < node.high[lower]:
            node.high[lower] = most
            moved.append(lower)
        return None if any(node.low[box] > node.high[box] for box in moved) else moved


def place(problem: Problem, effort: Effort, incumbent: Solution | None) -> Solution:
    """The lowest placement of all, or the best one known when ``effort.inferences`` are spent.

    The size is halved between what is taken for impossible and what is reached, the lower bound first. A
    size that a third of what is left cannot settle is taken for impossible too, but then nothing is proven.
    """
    best = greedy_place(problem, effort, incumbent)
    search = _Search(problem, effort.inferences)
    least = trial = problem.lower_bound
    settled = True
    while least < problem.height(best.offsets):
        try:
            offsets = search.solve(trial)
        except _OutOfInferences:
            offsets, settled = None, False
        if offsets is None:
            least = trial + WORD
        else:
            best = Solution(offsets)
        trial = align_down((least + problem.height(best.offsets) - WORD) // 2, WORD)
    return Solution(best.offsets, optimal=settled)


PLANNER = Planner(name="exact", rank=20, place=place)
