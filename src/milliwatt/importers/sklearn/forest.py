# SPDX-License-Identifier: Apache-2.0
"""Trees of scikit-learn -> one TREE_ENSEMBLE: thresholds without loss, leaves in fixed point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.sklearn.site import Site
from milliwatt.ir import DType

Array = npt.NDArray[Any]

MAX_NODES = 1_000_000


@dataclass(frozen=True)
class Tree:
    """One tree, its nodes in any order, the first one the root.

    Attributes:
        left, right: indices of the children; below 0 in leaves.
        feature: the column that a node compares.
        threshold: float64; x <= threshold goes left.
        absent_left: whether NaN goes left; None where the tree takes none.
        values: what a leaf adds, float64 [nodes, outputs].
    """

    left: Array
    right: Array
    feature: Array
    threshold: Array
    absent_left: Array | None
    values: Array


def tree_of(fitted: Any, values: Array, *, absent: bool) -> Tree:
    """A `sklearn.tree._tree.Tree` with the given values; ``absent`` says whether it knows what NaN means."""
    return Tree(
        left=np.asarray(fitted.children_left, np.int64),
        right=np.asarray(fitted.children_right, np.int64),
        feature=np.asarray(fitted.feature, np.int64),
        threshold=np.asarray(fitted.threshold, np.float64),
        absent_left=np.asarray(fitted.missing_go_to_left, np.bool_) if absent else None,
        values=values,
    )


_FEW = 16


def learned_absent(parts: list[tuple[Array, Array, Array]]) -> bool:
    """Whether trees learned where NaN goes.

    Trees fitted without NaN send it to the child of more samples, at every node; then NaN is no input, and it is not
    told apart from numbers. So few nodes that chance could make them look like this are always taken to have learned.

    Args:
        parts: for the inner nodes of each tree the samples on the left, those on the right, and whether NaN goes left.
    """
    nodes = sum(len(left) for left, _, _ in parts)
    unusual = any(bool(((left > right) != (goes != 0)).any()) for left, right, goes in parts)
    return unusual or nodes < _FEW


def power_of_two(trees: list[Tree], base: Array) -> float:
    """The finest step in which no sum of leaves leaves 31 bits, a power of two."""
    worst = np.abs(base) + sum((np.abs(tree.values).max(axis=0) for tree in trees), np.zeros(base.shape))
    largest = float(worst.max())
    # Half a step for each tree: what rounding can add.
    room = 2**31 - 1 - (len(trees) + 1)
    return 2.0 ** math.ceil(math.log2(largest / room)) if largest > 0 else 1.0


def ensemble(site: Site, trees: list[Tree], base: Array, step: float) -> str:
    """The node; its output counts in steps.

    Args:
        site: where it stands; the data may be float32 or integers of at most 16 bits.
        trees: at least one.
        base: what sums begin with, float64 [outputs].
        step: what one unit of the integers means.
    """
    if sum(len(tree.left) for tree in trees) > MAX_NODES:
        raise site.refuse(f"the trees have more than {MAX_NODES:,} nodes")
    links, columns, thresholds, roots, leaves = _Flat(site, trees).arrays()
    table, index = np.unique(_fixed(leaves, step), axis=0, return_inverse=True)
    renumbered = [
        np.where(link >= 0, link, -1 - index.reshape(-1)[-1 - np.minimum(link, -1)]) for link in links
    ]
    arrays = (
        columns,
        thresholds,
        renumbered[0].astype(np.int32),
        renumbered[1].astype(np.int32),
        np.where(roots >= 0, roots, -1 - index.reshape(-1)[-1 - np.minimum(roots, -1)]).astype(np.int32),
        table.astype(np.int32),
        _fixed(base, step).astype(np.int32),
    )
    constants = [site.build.constant(array, stem="trees") for array in arrays]
    return site.build.node("TREE_ENSEMBLE", [site.data, *constants], dtype=DType.INT32)


def _fixed(numbers: Array, step: float) -> Array:
    fixed: Array = np.rint(numbers / step)
    if not (np.abs(fixed) < 2**31).all():
        raise ValueError("a leaf is not finite")
    return fixed.astype(np.int64)


class _Flat:
    """Inner nodes of all trees behind each other, parents before children, and all leaves."""

    def __init__(self, site: Site, trees: list[Tree]) -> None:
        self._site = site
        self._nodes: list[tuple[int, int]] = []
        self._columns: list[Array] = []
        self._thresholds: list[Array] = []
        self._leaves: list[Array] = []
        self._leaf_count = 0
        self._roots = [self._append(tree) for tree in trees]

    def arrays(self) -> tuple[tuple[Array, Array], Array, Array, Array, Array]:
        """Left and right references, columns, thresholds, roots, and values of leaves."""
        # A tensor has at least one element: without inner nodes there is one that nothing leads to.
        links = np.array(self._nodes or [(-1, -1)], np.int64)
        kind = self._site.dtype.numpy
        columns = np.concatenate([*self._columns]) if self._nodes else np.zeros(1)
        thresholds = np.concatenate([*self._thresholds]) if self._nodes else np.zeros(1)
        return (
            (links[:, 0], links[:, 1]),
            columns.astype(np.int32),
            thresholds.astype(kind),
            np.array(self._roots, np.int64),
            np.concatenate(self._leaves),
        )

    def _append(self, tree: Tree) -> int:
        """One tree; returns the reference to its root."""
        order, references = self._references(tree)
        inner = np.array([node for node in order if tree.left[node] >= 0], np.int64)
        leaf = np.array([node for node in order if tree.left[node] < 0], np.int64)
        for node in inner:
            self._nodes.append((references[int(tree.left[node])], references[int(tree.right[node])]))
        self._columns.append(self._columns_of(tree, inner))
        self._thresholds.append(lower_threshold(tree.threshold[inner], self._site.dtype))
        self._leaves.append(tree.values[leaf])
        self._leaf_count += len(leaf)
        return references[0]

    def _references(self, tree: Tree) -> tuple[list[int], dict[int, int]]:
        """The nodes of a tree from the root on, left before right, and what refers to each."""
        order: list[int] = []
        references: dict[int, int] = {}
        next_inner, next_leaf = len(self._nodes), self._leaf_count
        stack = [0]
        while stack:
            node = stack.pop()
            if node in references:
                raise ValueError("a node of a tree has two parents")
            order.append(node)
            if tree.left[node] < 0:
                references[node] = -1 - next_leaf
                next_leaf += 1
            else:
                references[node] = next_inner
                next_inner += 1
                stack += [int(tree.right[node]), int(tree.left[node])]
        return order, references

    def _columns_of(self, tree: Tree, inner: Array) -> Array:
        """Columns, in the mode that sends NaN where the tree does; integers are never NaN."""
        features, feature = self._site.features, tree.feature[inner]
        if (feature < 0).any() or (feature >= features).any():
            raise ValueError("a tree compares a feature that is not there")
        if tree.absent_left is None or self._site.dtype is not DType.FLOAT32:
            return feature
        columns: Array = feature + features * np.where(tree.absent_left[inner], 1, 2)
        return columns


def lower_threshold(threshold: Array, kind: DType) -> Array:
    """The largest number of the element type that is not above a float64 threshold.

    For integers, thresholds below all of them become the smallest less one, which does not exist: there the result
    is the smallest, and no tree that was fitted on such data has such a node.
    """
    if np.isnan(threshold).any():
        raise ValueError("a threshold is not a number")
    if kind is not DType.FLOAT32:
        low, high = kind.limits
        return np.clip(np.floor(threshold), low, high)
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    above = near.astype(np.float64) > threshold
    near[above] = np.nextafter(near[above], np.float32(-np.inf))
    # -0 and +0 are equal for scikit-learn, not in the order of bits.
    near[near == 0] = 0.0
    return near
