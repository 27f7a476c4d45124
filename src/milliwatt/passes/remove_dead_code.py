# SPDX-License-Identifier: Apache-2.0
"""Drops nodes that neither an output nor a state variable depends on."""

from __future__ import annotations

from milliwatt.ir import Graph, Node
from milliwatt.ops import Numerics
from milliwatt.passes.rewrite import Pass


def remove_dead_code(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """Walk backwards from the outputs; nodes that write state are kept."""
    needed = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        writes_state = bool(node.states) and node.op != "READ_VARIABLE"
        if writes_state or needed.intersection(node.outputs):
            kept.append(node)
            needed.update(name for name in node.inputs if name is not None)
    if len(kept) == len(graph.nodes):
        return graph
    return graph.replace(nodes=tuple(reversed(kept))).pruned()


PASS = Pass("remove-dead-code", 90, "last, to clear what the others left behind", remove_dead_code)
