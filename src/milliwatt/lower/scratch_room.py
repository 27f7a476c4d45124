# SPDX-License-Identifier: Apache-2.0
"""How much scratch a kernel may take for speed, by what the user wants."""

from __future__ import annotations

from milliwatt.ir import Graph, Node
from milliwatt.lower.site import Site

_LEAST = 2048


def scratch_room(site: Site) -> int:
    """Bytes of scratch that a kernel may take for speed.

    With "speed" 256 KiB. With "balanced" as many as the node's own input and output have, and more where
    another node of the graph needs that much room anyway. With "ram" and "flash" 2 KiB.
    """
    if site.optimize == "speed":
        return 1 << 18
    if site.optimize != "balanced":
        return _LEAST
    own = _bytes(site.graph, site.node)
    return max(_LEAST, own, max(_bytes(site.graph, node) for node in site.graph.nodes) - own)


def _bytes(graph: Graph, node: Node) -> int:
    """Bytes of a node's largest input in the arena and of its first output, if it has one."""
    inputs = [
        graph.values[name].bytes for name in node.inputs if name is not None and name not in graph.constants
    ]
    return max(inputs, default=0) + sum(graph.values[name].bytes for name in node.outputs[:1])
