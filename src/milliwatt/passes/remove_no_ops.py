# SPDX-License-Identifier: Apache-2.0
"""Drops what frameworks leave behind: paddings by nothing, casts to the same type, factors of 1, splits into one."""

from __future__ import annotations

from dataclasses import replace

from milliwatt.ir import DType, Graph, Node
from milliwatt.ops import Numerics, signature
from milliwatt.ops.reduction import axes
from milliwatt.passes.affine import affine_of
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Change, Pass, rewrite

_REDUCTIONS = frozenset({"MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"})


_SAME_TYPE = frozenset({"CAST", "MIRROR_PAD", "PAD", "PADV2", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Operators that do nothing where input and output have one type."""


def _dropped(node: Node, data: str) -> Change:
    return Change(renamed={node.outputs[0]: data})


def _visit(graph: Graph, node: Node, exact: frozenset[str]) -> Change | None:
    if node.states or len(node.outputs) != 1:
        return None
    target = graph.values[node.outputs[0]]
    if node.op in ("SPLIT", "SPLIT_V"):
        data = str(node.inputs[1 if node.op == "SPLIT" else 0])
        return _dropped(node, data) if graph.values[data] == target else None
    data = str(node.inputs[0]) if node.inputs else ""
    if not data or data in graph.constants:
        return _neutral(graph, node, exact)
    if node.op in _SAME_TYPE and graph.values[data] == target:
        return _dropped(node, data)
    if node.op in _REDUCTIONS:
        return _reduction_of_one(graph, node, data)
    return _neutral(graph, node, exact)


def _reduction_of_one(graph: Graph, node: Node, data: str) -> Change | None:
    """A reduction over axes of one element changes the shape alone."""
    source, target = graph.values[data], graph.values[node.outputs[0]]
    if source.quant != target.quant or any(source.shape[axis] > 1 for axis in axes(signature(graph, node))):
        return None
    attrs = {"new_shape": target.shape}
    return Change(nodes=(Node("RESHAPE", (data,), node.outputs, attrs, (), node.source),))


def _neutral(graph: Graph, node: Node, exact: frozenset[str]) -> Change | None:
    """x * 1, x / 1, x + 0 and x - 0 of floats."""
    if graph.values[node.outputs[0]].dtype is not DType.FLOAT32 or node.outputs[0] in exact:
        return None
    affine = affine_of(graph, node)
    if affine is None or affine.activation != "NONE" or (affine.scale != 1).any() or affine.shift.any():
        return None
    return _dropped(node, affine.data)


def _onto_output(graph: Graph, exact: frozenset[str]) -> Graph:
    """The graph with one node that does nothing before an output gone: what it read takes the output's name."""
    producers = graph.producers()
    for node in graph.nodes:
        change = _visit(graph, node, exact) if set(node.outputs) & set(graph.outputs) else None
        for output, data in ({} if change is None else change.renamed or {}).items():
            if data in producers and data not in graph.outputs:
                kept = (entry for entry in graph.nodes if entry is not node)
                return graph.replace(nodes=tuple(_renamed(entry, data, output) for entry in kept)).pruned()
    return graph


def _renamed(node: Node, old: str, new: str) -> Node:
    return replace(
        node,
        inputs=tuple(new if name == old else name for name in node.inputs),
        outputs=tuple(new if name == old else name for name in node.outputs),
    )


def remove_no_ops(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. An output that is an input, a constant or another output stays a copy of it."""
    exact = behind_integers(graph)
    graph = rewrite(graph, lambda current, node: _visit(current, node, exact))
    while True:
        shorter = _onto_output(graph, exact)
        if shorter is graph:
            return graph
        graph = shorter


PASS = Pass("remove-no-ops", 21, "before the recognisers, which would stumble over them", remove_no_ops)
