# SPDX-License-Identifier: Apache-2.0
"""Layout assignment: every node works in the order of axes with which the fewest bytes are transposed.

Exporters of channels-first frameworks leave a TRANSPOSE on either side of every convolution, pool and resize. The
nodes between them mostly do not care: each gets the order that makes the borders cheapest, and constants, axes and
the columns of fully connected filters follow. A TRANSPOSE that only moves axes of one element becomes a RESHAPE.
"""

from __future__ import annotations

from milliwatt.ir import Graph, Node
from milliwatt.ops import Numerics, signature
from milliwatt.ops.transpose import permutation
from milliwatt.passes.layout.model import model_of
from milliwatt.passes.layout.rebuild import rebuilt
from milliwatt.passes.layout.search import best_choice
from milliwatt.passes.rewrite import Pass

__all__ = ["PASS", "assign_layouts", "moves_bytes"]


def moves_bytes(graph: Graph, node: Node) -> bool:
    """Whether a TRANSPOSE changes the order of axes of more than one element."""
    kind = signature(graph, node)
    shape = kind.input(0).shape
    long = [axis for axis in permutation(kind) if shape[axis] > 1]
    return long != sorted(long)


def assign_layouts(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """The graph with the fewest transposed bytes; the same object when there is nothing to gain."""
    transposes = [node for node in graph.nodes if node.op == "TRANSPOSE"]
    if not transposes:
        return graph
    model = model_of(graph)
    choice = best_choice(model)
    moving = [moves_bytes(graph, node) for node in transposes]
    moved = sum(
        graph.values[node.outputs[0]].bytes for node, moves in zip(transposes, moving, strict=True) if moves
    )
    if choice is None and all(moving) and model.moved_bytes(model.plain) >= moved:
        return graph
    return rebuilt(graph, model, choice or model.plain)


PASS = Pass(
    "assign-layouts",
    31,
    "behind compose-moves, before padding and activations are fused with what transposes kept apart",
    assign_layouts,
)
