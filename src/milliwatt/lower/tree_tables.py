# SPDX-License-Identifier: Apache-2.0
"""Trees of a TREE_ENSEMBLE brought into the form that its kernels take: ranks, numbered leaves, sorted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import Signature
from milliwatt.ops.ordered_keys import ordered_keys
from milliwatt.ops.tree_ensemble import BASE, COLUMN, LEAVES, LEFT, RIGHT, ROOTS, THRESHOLD, constant

Array = npt.NDArray[Any]

VALUES, LISTS, ROWS = range(3)
"""What numbers of leaves mean, as in runtime/include/mw_tree.h."""

_AMOUNTS = 1 << 23
_OUTPUTS = 1 << 7


@dataclass(frozen=True)
class Leaves:
    """What leaves add, by their numbers.

    Attributes:
        mode: what a number means.
        whole: in lists, what a leaf adds to its only output, where its number is that output.
        numbers: the number of each leaf of the operator.
        table: what numbers refer to, int32.
    """

    mode: int
    whole: int
    numbers: Array
    table: Array


@dataclass(frozen=True)
class Forest:
    """All trees of more than one leaf, sorted by output where each belongs to one.

    Attributes:
        column, key, left, right: of the inner nodes; keys are int32 thresholds in the order of the data's keys; a
            negative reference r is leaf number -1 - r.
        roots: of the trees.
        output: of each tree, 0 where it has several.
        leaves: what they add.
        base: what sums begin with, and what trees of one leaf add.
    """

    column: Array
    key: Array
    left: Array
    right: Array
    roots: tuple[int, ...]
    output: tuple[int, ...]
    leaves: Leaves
    base: Array

    @property
    def nodes(self) -> int:
        """Inner nodes of all trees, as often as they are reached."""
        return sum(len(self.order(root)) for root in self.roots)

    def order(self, root: int) -> list[int]:
        """The inner nodes of a tree, each before what is below it, left before right."""
        found, stack = [], [root]
        while stack:
            node = stack.pop()
            found.append(node)
            stack += [int(link) for link in (self.right[node], self.left[node]) if link >= 0]
        return found

    def depth(self) -> int:
        """The most inner nodes from a root to a leaf."""
        deep = np.zeros(len(self.left), np.int64)
        for node in range(len(self.left) - 1, -1, -1):
            below = [deep[link] for link in (self.left[node], self.right[node]) if link >= 0]
            deep[node] = 1 + max(below, default=0)
        return int(max((deep[root] for root in self.roots), default=0))


@dataclass(frozen=True)
class Ranks:
    """Columns whose elements become ranks among the column's thresholds.

    Attributes:
        columns: the columns that nodes use, rising.
        begins: for each of them where its keys begin, and where the last one's end.
        keys: distinct thresholds, rising in each column.
        place: of each node its column's index in ``columns``.
        rank: of each node the rank of its threshold.
    """

    columns: Array
    begins: Array
    keys: Array
    place: Array
    rank: Array

    @property
    def most(self) -> int:
        """The highest rank that an element can have."""
        return int(np.diff(self.begins).max(initial=0))


def forest_of(signature: Signature) -> Forest:
    """The trees of a signature, those that are one leaf summed into the base."""
    roots, table = constant(signature, ROOTS), constant(signature, LEAVES)
    base = constant(signature, BASE).astype(np.int64)
    base = base + table[-1 - roots[roots < 0]].astype(np.int64).sum(axis=0)
    left, right = constant(signature, LEFT), constant(signature, RIGHT)
    inner = [int(root) for root in roots if root >= 0]
    used = _outputs_used(left, right, table)
    single = all(used[root].sum() <= 1 for root in inner)
    output = [int(np.argmax(used[root])) if single else 0 for root in inner]
    order = sorted(range(len(inner)), key=lambda tree: output[tree])
    leaves = _values(table) if single else _lists(table) or _rows(table)
    return Forest(
        column=constant(signature, COLUMN),
        key=ordered_keys(constant(signature, THRESHOLD)),
        left=_numbered(left, leaves.numbers),
        right=_numbered(right, leaves.numbers),
        roots=tuple(inner[tree] for tree in order),
        output=tuple(output[tree] for tree in order),
        leaves=leaves,
        base=base.astype(np.int32),
    )


def _numbered(links: Array, numbers: Array) -> Array:
    wide = links.astype(np.int64)
    return np.where(wide >= 0, wide, -1 - numbers[np.maximum(-1 - wide, 0)])


def _outputs_used(left: Array, right: Array, table: Array) -> Array:
    """For each inner node the outputs to which some leaf below it adds something."""
    used = np.zeros((len(left), table.shape[1]), np.bool_)
    for node in range(len(left) - 1, -1, -1):
        for link in (int(left[node]), int(right[node])):
            used[node] |= used[link] if link >= 0 else table[-1 - link] != 0
    return used


def _values(table: Array) -> Leaves:
    amounts = table[np.arange(len(table)), np.argmax(table != 0, axis=1)]
    distinct, numbers = np.unique(amounts, return_inverse=True)
    return Leaves(VALUES, 0, numbers.astype(np.int64), distinct.astype(np.int32))


def _lists(table: Array) -> Leaves | None:
    """Lists of outputs, equal ones shared; None where amounts or outputs are too large for them."""
    outputs = table.shape[1]
    if outputs > _OUTPUTS or np.abs(table.astype(np.int64)).max(initial=0) >= _AMOUNTS:
        return None
    whole = _whole(table)
    words: list[int] = []
    known: dict[tuple[int, ...], int] = {}
    numbers = []
    for row in table:
        places = np.flatnonzero(row)
        if len(places) == 1 and row[places[0]] == whole:
            numbers.append(int(places[0]))
            continue
        entries = [int(row[place]) << 8 | int(place) for place in places] or [0]
        entries[-1] |= 0x80
        key = tuple(entries)
        if key not in known:
            known[key] = outputs + len(words)
            words += entries
        numbers.append(known[key])
    return Leaves(LISTS, whole, np.array(numbers, np.int64), np.array(words or [0x80], np.int32))


def _whole(table: Array) -> int:
    """The amount that most leaves with one output add."""
    alone = table[(table != 0).sum(axis=1) == 1]
    amounts, counts = np.unique(alone[alone != 0], return_counts=True)
    return int(amounts[np.argmax(counts)]) if amounts.size else 0


def _rows(table: Array) -> Leaves:
    return Leaves(ROWS, 0, np.arange(len(table)), table.astype(np.int32))


def ranks_of(forest: Forest) -> Ranks:
    """The ranks of all thresholds that some tree reaches."""
    reached = np.array(sorted({node for root in forest.roots for node in forest.order(root)}), np.int64)
    columns = np.unique(forest.column[reached])
    sorted_keys = [np.unique(forest.key[reached][forest.column[reached] == column]) for column in columns]
    place = np.zeros(len(forest.column), np.int64)
    rank = np.zeros(len(forest.column), np.int64)
    place[reached] = np.searchsorted(columns, forest.column[reached])
    for node in reached:
        rank[node] = np.searchsorted(sorted_keys[place[node]], forest.key[node])
    begins = np.cumsum([0, *(len(keys) for keys in sorted_keys)])
    keys = np.concatenate([np.zeros(0, np.int32), *sorted_keys])
    return Ranks(columns, begins, keys.astype(np.int32), place, rank)
