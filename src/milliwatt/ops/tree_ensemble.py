# SPDX-License-Identifier: Apache-2.0
"""TREE_ENSEMBLE: the sum of what the leaves of decision trees hold, in integers.

Source: Breiman et al., "Classification and Regression Trees", 1984; the comparison is that of scikit-learn and of
ONNX-ML's TreeEnsemble with BRANCH_LEQ. Leaves hold fixed-point integers, so that sums are exact and the same in
every order; what they count in is left to the nodes behind (CAST, MUL, SOFTMAX, ...).

Inputs: the data [rows, features]; for each of the N inner nodes its column, its threshold (of the data's type), and
the nodes that follow left and right (int32 [N] each); the roots (int32 [trees]); what leaves add (int32
[leaves, outputs]); what sums begin with (int32 [outputs]). A reference r >= 0 is inner node r, which stands behind the
one that refers to it; r < 0 is leaf -1 - r. Output: int32 [rows, outputs].
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Call, Operator, Signature, TypeRow, as_output
from milliwatt.ops.ordered_keys import HIGHEST, LOWEST, ordered_keys

Array = npt.NDArray[Any]

DATA, COLUMN, THRESHOLD, LEFT, RIGHT, ROOTS, LEAVES, BASE = range(8)

MODES = 3
"""How a column c of the data appears: c in total order, features + c with NaN below all numbers, and
2 * features + c with NaN above all numbers."""


def constant_trees(signature: Signature) -> bool:
    """All inputs but the data are constants."""
    return all(array is not None for array in signature.constants[COLUMN:])


def one_entry_for_each_node(signature: Signature) -> bool:
    """The data have two dimensions, leaves two, all others one; nodes have one entry in each of their tables."""
    ranks = [len(signature.input(index).shape) for index in range(8)]
    counts = {signature.input(index).shape for index in (COLUMN, THRESHOLD, LEFT, RIGHT)}
    outputs = signature.input(LEAVES).shape[-1:]
    return ranks == [2, 1, 1, 1, 1, 1, 2, 1] and len(counts) == 1 and signature.input(BASE).shape == outputs


def columns_exist(signature: Signature) -> bool:
    """Columns lie in the data; those that treat NaN need float32 data, and no threshold is NaN."""
    column, threshold = constant(signature, COLUMN), constant(signature, THRESHOLD)
    is_float = signature.input(DATA).dtype is DType.FLOAT32
    most = signature.input(DATA).shape[1] * (MODES if is_float else 1)
    return bool(((column >= 0) & (column < most)).all() and not (is_float and np.isnan(threshold).any()))


def trees_end(signature: Signature) -> bool:
    """References lead to leaves, or to inner nodes behind the one that refers to them."""
    nodes, leaves = signature.input(COLUMN).size, signature.input(LEAVES).shape[0]
    own = np.arange(nodes)
    for index, least in ((LEFT, own + 1), (RIGHT, own + 1), (ROOTS, np.zeros(1, np.int64))):
        links = constant(signature, index)
        inner = links >= 0
        if (links >= nodes).any() or (links < -leaves).any() or (inner & (links < least)).any():
            return False
    return True


def sums_fit(signature: Signature) -> bool:
    """No sum of one leaf of every tree can leave 32 bits."""
    largest = np.abs(constant(signature, BASE).astype(np.int64))
    worst = worst_leaves(signature).sum(axis=0)
    return bool((largest + worst < 2**31).all())


CONSTRAINTS = (constant_trees, one_entry_for_each_node, columns_exist, trees_end, sums_fit)


def constant(signature: Signature, index: int) -> Array:
    """A constant input that must be there."""
    array = signature.constant(index)
    if array is None:
        raise ValueError(f"input {index} is not constant")
    return array


def worst_leaves(signature: Signature) -> Array:
    """For every tree and output the largest magnitude that a leaf of the tree adds, int64 [trees, outputs]."""
    left, right = constant(signature, LEFT), constant(signature, RIGHT)
    leaves = np.abs(constant(signature, LEAVES).astype(np.int64))
    below = np.zeros((len(left), leaves.shape[1]), np.int64)

    def worst(link: int) -> Array:
        found: Array = below[link] if link >= 0 else leaves[-1 - link]
        return found

    for node in range(len(left) - 1, -1, -1):
        below[node] = np.maximum(worst(int(left[node])), worst(int(right[node])))
    roots = constant(signature, ROOTS)
    return np.array([worst(int(root)) for root in roots], np.int64).reshape(len(roots), leaves.shape[1])


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """Rows of the data, columns of the leaves."""
    return ((signature.input(DATA).shape[0], signature.input(LEAVES).shape[1]),)


def column_keys(data: Array) -> Array:
    """The int32 keys of all columns in all their modes, [rows, columns]."""
    keys = ordered_keys(data)
    if data.dtype != np.float32:
        return keys
    absent = np.isnan(data)
    parts = [keys, np.where(absent, np.int32(LOWEST), keys), np.where(absent, np.int32(HIGHEST), keys)]
    return np.concatenate(parts, axis=1)


def evaluate(call: Call) -> tuple[Array, ...]:
    """From each root left where the key is not above the threshold's, else right; the leaves are added up."""
    keys, thresholds = column_keys(call.input(DATA)), ordered_keys(call.input(THRESHOLD))
    column, left, right = call.input(COLUMN), call.input(LEFT), call.input(RIGHT)
    sums = np.repeat(call.input(BASE)[None], len(keys), axis=0)
    row = np.arange(len(keys))
    for root in call.input(ROOTS):
        at = np.full(len(keys), root, np.int32)
        while (at >= 0).any():
            inner = np.maximum(at, 0)
            lower = keys[row, column[inner]] <= thresholds[inner]
            at = np.where(at < 0, at, np.where(lower, left[inner], right[inner]))
        sums = sums + call.input(LEAVES)[-1 - at]
    return (as_output(sums, call.signature),)


_KINDS = (DType.FLOAT32, DType.INT16, DType.INT8, DType.UINT8)

OPERATOR = Operator(
    name="TREE_ENSEMBLE",
    summary="The sum of fixed-point integers in the leaves of decision trees (x <= threshold goes left).",
    types=tuple(TypeRow((kind, DType.INT32, kind, *(DType.INT32,) * 5), (DType.INT32,)) for kind in _KINDS),
    constraints=CONSTRAINTS,
    shapes=shapes,
    evaluate=evaluate,
    tflite=False,
)
