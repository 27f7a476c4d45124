# SPDX-License-Identifier: Apache-2.0
"""Values that need no buffer of their own, because a state variable holds them as long as anybody reads them."""

from __future__ import annotations

from milliwatt.ir import Graph, Node
from milliwatt.ops import find


def resident_state(graph: Graph, node: Node) -> str | None:
    """The state variable whose memory is the node's output; None where the output has a buffer of its own.

    No other node may touch the variable, so that it holds the output to the end of the run; and the caller, who may
    write to the outputs of a run, must not get at it.
    """
    if not find(node.op, where=node.source).in_state or node.outputs[0] in graph.outputs:
        return None
    (state,) = node.states
    alone = all(state not in other.states for other in graph.nodes if other is not node)
    return state if alone else None
