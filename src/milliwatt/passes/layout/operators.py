# SPDX-License-Identifier: Apache-2.0
"""Which operators are free to work in another order of axes, and what changes in them when they do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from milliwatt.ir import DType, Graph, Node, Shape
from milliwatt.ops import Signature, find, signature
from milliwatt.ops.broadcast import broadcast_shape
from milliwatt.ops.reduction import axes as reduced_axes
from milliwatt.ops.strided_view import positive_axis
from milliwatt.ops.transpose import permutation as transpose_permutation
from milliwatt.passes.layout.freedom import Freedom, Operand, Order, Parts, Permutation, blocks
from milliwatt.passes.layout.moving import MOVING

_REDUCTIONS = frozenset({"MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN"})
_SUMS = frozenset({"MEAN", "SUM", "REDUCE_PROD"})
"""Reductions whose float result depends on the order of their terms."""

_ROWS = frozenset({"SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"})
"""Operators on the last dimension, which treat all others alike."""


@dataclass(frozen=True)
class Neighbours:
    """Who makes and who reads each value of a graph."""

    producers: dict[str, Node]
    users: dict[str, list[Node]]

    @staticmethod
    def of(graph: Graph) -> Neighbours:
        """Those of a graph."""
        return Neighbours(graph.producers(), graph.users())


def freedom_of(graph: Graph, node: Node, neighbours: Neighbours) -> Freedom | None:
    """The node's freedom, or None where it works in the order it was written in alone."""
    kind = signature(graph, node)
    if node.states or _per_channel(kind):
        return None
    operator = find(node.op)
    if node.op == "FULLY_CONNECTED":
        return _rows(kind, 1) if kind.attrs["keep_num_dims"] else _flattened(graph, node, neighbours)
    if operator.elementwise:
        return _unary(kind)
    if operator.shapes is broadcast_shape or node.op == "PRELU":
        return _broadcast(graph, node)
    if node.op in _REDUCTIONS:
        return _reduction(kind)
    if node.op in _ROWS:
        return _rows(kind, 1)
    if node.op == "LAYER_NORM":
        rank = len(kind.input(0).shape)
        return _rows(kind, rank - positive_axis(int(kind.attrs["axis"]), rank))
    special = _SPECIAL.get(node.op) or MOVING.get(node.op)
    return None if special is None else special(kind)


def _per_channel(kind: Signature) -> bool:
    """Whether an operand other than the filter of a fully connected layer has scales along a dimension."""
    kinds = (*kind.inputs, *kind.outputs)
    filters = {1} if kind.op == "FULLY_CONNECTED" else set()
    return any(
        entry is not None and entry.quant is not None and entry.quant.per_channel
        for index, entry in enumerate(kinds)
        if index not in filters
    )


def whole(shape: Shape) -> Operand:
    """An operand whose dimensions are the axes."""
    return Operand(shape, tuple(range(len(shape))))


def _unary(kind: Signature) -> Freedom:
    shape = kind.input(0).shape
    return Freedom(len(shape), {0: whole(shape)}, {0: whole(shape)})


def _broadcast(graph: Graph, node: Node) -> Freedom:
    """Every input is aligned with the output's last dimension."""
    shape = graph.values[node.outputs[0]].shape
    inputs = {}
    for index, name in enumerate(map(str, node.inputs)):
        own = graph.values[name].shape
        if math.prod(own) > 1:
            inputs[index] = Operand(own, tuple(range(len(shape) - len(own), len(shape))), padded=True)
    return Freedom(len(shape), inputs, {0: whole(shape)})


def _reduction(kind: Signature) -> Freedom:
    shape, reduced = kind.input(0).shape, reduced_axes(kind)
    kept = tuple(axis for axis in range(len(shape)) if kind.attrs["keep_dims"] or axis not in reduced)
    constant = kind.constant(1)
    ordered = kind.op in _SUMS and kind.input(0).dtype is DType.FLOAT32

    def parts(permutation: Permutation) -> Parts:
        moved = sorted(permutation.index(axis) for axis in reduced)
        return Parts(constants={1: np.array(moved, None if constant is None else constant.dtype)})

    def admits(order: Order) -> bool:
        terms = [axis for axis in order if axis in reduced]
        return not ordered or terms == sorted(terms)

    return Freedom(
        len(shape), {0: whole(shape)}, {0: Operand(kind.outputs[0].shape, kept)}, parts=parts, admits=admits
    )


def _rows(kind: Signature, tail: int) -> Freedom:
    """The last ``tail`` dimensions stay where they are."""
    shape = kind.input(0).shape
    fixed = range(len(shape) - tail, len(shape))

    def admits(order: Order) -> bool:
        last = [axis for axis in order if axis in fixed]
        return last == sorted(last) and list(order[len(order) - len(last) :]) == last

    outputs = {0: whole(kind.outputs[0].shape)}
    return Freedom(len(shape), {0: whole(shape)}, outputs, admits=admits)


def _flattened(graph: Graph, node: Node, neighbours: Neighbours) -> Freedom | None:
    """A fully connected layer reads any order of what was flattened: the columns of its filter follow."""
    filter_name = str(node.inputs[1])
    weights = graph.constants.get(filter_name)
    if weights is None or len(neighbours.users[filter_name]) != 1 or filter_name in graph.outputs:
        return None
    source = before_reshapes(neighbours.producers, str(node.inputs[0]))
    shape, (units, depth) = graph.values[source].shape, weights.shape
    first = next((axis for axis in reversed(range(len(shape) + 1)) if math.prod(shape[axis:]) == depth), None)
    if first is None or source in graph.constants:
        return None

    def parts(permutation: Permutation) -> Parts:
        columns = tuple(1 + axis - first for axis in permutation if axis >= first)
        moved = weights.reshape(units, *shape[first:]).transpose((0, *columns))
        return Parts(constants={1: moved.reshape(units, depth)})

    def admits(order: Order) -> bool:
        rows = [axis for axis in order if axis < first]
        return rows == sorted(rows) and list(order[: len(rows)]) == rows

    return Freedom(len(shape), {0: whole(shape)}, {}, parts=parts, admits=admits, source=source)


def before_reshapes(producers: dict[str, Node], name: str) -> str:
    """The value whose bytes a chain of reshapes ends in."""
    while name in producers and producers[name].op == "RESHAPE":
        name = str(producers[name].inputs[0])
    return name


def _transpose(kind: Signature) -> Freedom:
    shape, axes = kind.input(0).shape, transpose_permutation(kind)
    return Freedom(len(shape), {0: whole(shape)}, {0: Operand(kind.outputs[0].shape, axes)}, view=True)


def _reshape(kind: Signature) -> Freedom:
    shape, target = kind.input(0).shape, kind.outputs[0].shape
    source_axes, target_axes = blocks(shape, target)
    return Freedom(
        max(source_axes, default=0) + 1,
        {0: Operand(shape, source_axes)},
        {0: Operand(target, target_axes)},
        view=True,
    )


_SPECIAL: dict[str, Callable[[Signature], Freedom | None]] = {
    "TRANSPOSE": _transpose,
    "RESHAPE": _reshape,
}
