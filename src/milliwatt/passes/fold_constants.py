# SPDX-License-Identifier: Apache-2.0
"""Replaces nodes whose inputs are all constants by what they compute, and SHAPE by the static shape."""

from __future__ import annotations

from milliwatt.ir import Graph, Node
from milliwatt.ops import Call, Numerics, find, signature
from milliwatt.passes.rewrite import Change, Pass, rewrite

# A folded result may be larger than what it was computed from (TILE, BROADCAST_TO): not beyond this many bytes.
_LARGEST_GROWTH = 1024


def _visit(graph: Graph, node: Node, numerics: Numerics) -> Change | None:
    operator = find(node.op)
    arrays = [None if name is None else graph.constants.get(name) for name in node.inputs]
    known = all(array is not None or name is None for array, name in zip(arrays, node.inputs, strict=True))
    if node.op != "SHAPE" and (not known or node.states or not any(name is not None for name in node.inputs)):
        return None
    kind = signature(graph, node)
    before = sum(array.nbytes for array in arrays if array is not None)
    if sum(output.bytes for output in kind.outputs) > before + _LARGEST_GROWTH:
        return None
    results = operator.evaluate(Call(kind, tuple(arrays), numerics))
    return Change(constants=dict(zip(node.outputs, results, strict=True)))


def fold_constants(graph: Graph, numerics: Numerics) -> Graph:
    """One walk over the graph; chains fold at once."""
    return rewrite(graph, lambda current, node: _visit(current, node, numerics))


PASS = Pass(
    "fold-constants",
    10,
    "first, so that later passes see constants where the exporter left arithmetic",
    fold_constants,
)
