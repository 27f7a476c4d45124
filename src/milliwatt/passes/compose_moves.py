# SPDX-License-Identifier: Apache-2.0
"""Cancels what moves elements twice: RESHAPE behind RESHAPE, TRANSPOSE behind TRANSPOSE."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Numerics
from milliwatt.passes.rewrite import Change, Pass, rewrite


def _visit(graph: Graph, node: Node, producers: dict[str, Node]) -> Change | None:
    before = producers.get(str(node.inputs[0])) if node.inputs else None
    if before is None or before.op != node.op:
        return None
    start = str(before.inputs[0])
    if node.op == "RESHAPE":
        return Change(nodes=(Node("RESHAPE", (start,), node.outputs, node.attrs, (), node.source),))
    if node.op == "TRANSPOSE":
        first, second = (graph.constants.get(str(link.inputs[1])) for link in (before, node))
        if first is None or second is None:
            return None
        name = graph.fresh(f"{node.outputs[0]}.permutation")
        permutation = first.reshape(-1)[second.reshape(-1)].astype(np.int32)
        merged = Node("TRANSPOSE", (start, name), node.outputs, node.attrs, (), node.source)
        kind = TensorType(DType.INT32, permutation.shape)
        return Change(nodes=(merged,), constants={name: permutation}, values={name: kind})
    return None


def compose_moves(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph; the first of each pair is left to dead-code removal when nobody else reads it."""
    producers = graph.producers()
    return rewrite(graph, lambda current, node: _visit(current, node, producers))


PASS = Pass("compose-moves", 30, "behind canonicalise, which leaves one form of reshape", compose_moves)
