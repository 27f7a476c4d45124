# SPDX-License-Identifier: Apache-2.0
"""Trees as streams of units that a loop reads: each node, then its left child, then its right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.tree_tables import Forest, Ranks

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Stream:
    """The nodes of all trees.

    Attributes:
        units: uint16 or uint32; see runtime/kernels/mw_tree_walk_*.h.
        starts: where each tree begins, uint32.
    """

    units: Array
    starts: Array


def ranked_stream(forest: Forest, ranks: Ranks, width: int) -> Stream | None:
    """Nodes that compare ranks of so many bits, in units of twice as many; None where something does not fit."""
    if ranks.most >= 1 << width or len(ranks.columns) > 1 << width or len(ranks.keys) >= 1 << 16:
        return None
    return _stream(
        forest,
        lambda node: [int(ranks.place[node]) | int(ranks.rank[node]) << width],
        2 * width,
        relative=True,
    )


def plain_stream(forest: Forest, kind: DType) -> Stream | None:
    """Nodes that compare elements of a type, in units of 16 bits; None where something does not fit."""
    if kind is DType.FLOAT32:
        return _stream(forest, lambda node: [int(forest.column[node]), *_halves(int(forest.key[node]))], 16)
    if kind is DType.INT16:
        return _stream(forest, lambda node: [int(forest.column[node]), int(forest.key[node]) & 0xFFFF], 16)
    if int(forest.column.max(initial=0)) > 0xFF:
        return None
    return _stream(forest, lambda node: [int(forest.column[node]) | (int(forest.key[node]) & 0xFF) << 8], 16)


def _halves(key: int) -> tuple[int, int]:
    return key & 0xFFFF, key >> 16 & 0xFFFF


def _stream(
    forest: Forest, test: Callable[[int], list[int]], bits: int, *, relative: bool = False
) -> Stream | None:
    """Units of all nodes. Distances count from the node's begin where ``relative``, else from behind its link."""
    limit = 1 << (bits - 2)
    units: list[int] = []
    starts: list[int] = []
    for root in forest.roots:
        starts.append(len(units))
        pending: dict[int, int] = {}
        for node in forest.order(root):
            words = test(node)
            at = len(units) + len(words)
            if node in pending:
                place = pending[node]
                begin = place - 1 if relative else place + 1
                if len(units) - begin >= limit:
                    return None
                units[place] |= len(units) - begin
            left, right = int(forest.left[node]), int(forest.right[node])
            if max(-1 - right, -1 - left) >= limit:
                return None
            if right >= 0:
                pending[right] = at
            link = 0 if right >= 0 else limit << 1 | -1 - right
            units += [*words, link] if left >= 0 else [*words, link | limit, -1 - left]
    kind = np.uint16 if bits == 16 else np.uint32
    return Stream(np.array(units or [0], kind), np.array(starts or [0], np.uint32))
