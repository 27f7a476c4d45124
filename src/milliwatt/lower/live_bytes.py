# SPDX-License-Identifier: Apache-2.0
"""What a graph's values need in the arena at each node, before anything is planned."""

from __future__ import annotations

from milliwatt.ir import Graph, Node


def live_bytes(graph: Graph) -> list[int]:
    """For every node the bytes of all values alive before it or behind it, whichever are more.

    That is what the node needs if it writes its outputs over the inputs that nobody reads any more, so no plan in this
    order needs less than the most of these.
    """
    last = {
        str(name): index for index, node in enumerate(graph.nodes) for name in node.inputs if name is not None
    }
    last |= dict.fromkeys(graph.outputs, len(graph.nodes))
    alive = {name for name in graph.inputs if name in last}
    found = []
    for index, node in enumerate(graph.nodes):
        before = sum(graph.values[name].bytes for name in alive)
        alive |= {name for name in node.outputs if name in last}
        alive = {name for name in alive if last[name] > index}
        found.append(max(before, sum(graph.values[name].bytes for name in alive)))
    return found


def spare_bytes(graph: Graph, node: Node, *, growth: float) -> int:
    """Bytes of scratch with which a node needs no more than ``growth`` times what the graph's largest node needs."""
    needed = live_bytes(graph)
    own = next(bytes_ for other, bytes_ in zip(graph.nodes, needed, strict=True) if other is node)
    return max(0, int(growth * max(needed)) - own)
