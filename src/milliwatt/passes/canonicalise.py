# SPDX-License-Identifier: Apache-2.0
"""Brings nodes that mean the same to one form, and drops those that do nothing."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Graph, Node
from milliwatt.ops import Numerics, find, signature
from milliwatt.passes.rewrite import Change, Pass, rewrite
from milliwatt.passes.tables import table_of


def _reshape(graph: Graph, node: Node) -> Change | None:
    """SQUEEZE, EXPAND_DIMS and RESHAPE with a shape input become RESHAPE with the static shape as attribute."""
    shape = graph.values[node.outputs[0]].shape
    if node.op == "RESHAPE" and len(node.inputs) == 1 and node.attrs.get("new_shape") == shape:
        return None
    plain = Node("RESHAPE", node.inputs[:1], node.outputs, {"new_shape": shape}, (), node.source)
    return Change(nodes=(plain,))


def _does_nothing(graph: Graph, node: Node, numerics: Numerics) -> bool:
    """Whether the output is the input, byte for byte: same type, and no element moves or changes value."""
    source, target = graph.values[str(node.inputs[0])], graph.values[node.outputs[0]]
    if source != target:
        return False
    operator, kind = find(node.op), signature(graph, node)
    if operator.view:
        return True
    if operator.elementwise and source.dtype.bytes == 1 and source.dtype.is_integer:
        return _is_identity(graph, node, numerics)
    if operator.moves is None or operator.fill is not None:
        return False
    moves = operator.moves(kind)
    return (
        len(moves) == 1
        and moves[0].input == 0
        and moves[0].input_offset == moves[0].output_offset == 0
        and moves[0].input_strides == moves[0].output_strides
        and int(np.prod(moves[0].extents)) == target.size
    )


def _is_identity(graph: Graph, node: Node, numerics: Numerics) -> bool:
    table = table_of(graph, node, numerics)
    low, high = graph.values[str(node.inputs[0])].dtype.limits
    return bool(np.array_equal(table, np.arange(low, high + 1)))


def _visit(graph: Graph, node: Node, numerics: Numerics) -> Change | None:
    data = node.inputs[0] if node.inputs else None
    if data is None or len(node.outputs) != 1 or node.states:
        return None
    if _does_nothing(graph, node, numerics) and data not in graph.constants:
        if node.outputs[0] not in graph.outputs:
            return Change(renamed={node.outputs[0]: data})
        return None
    if node.op in ("RESHAPE", "SQUEEZE", "EXPAND_DIMS"):
        return _reshape(graph, node)
    return None


def canonicalise(graph: Graph, numerics: Numerics) -> Graph:
    """One walk over the graph."""
    return rewrite(graph, lambda current, node: _visit(current, node, numerics))


PASS = Pass("canonicalise", 20, "before the pattern passes, which then know one form only", canonicalise)
