# SPDX-License-Identifier: Apache-2.0
"""Composes chains of MUL, ADD, SUB and DIV by float constants into at most one MUL and one ADD."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Numerics
from milliwatt.passes.affine import Affine, affine_of
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Change, Pass, rewrite

Array = npt.NDArray[Any]


def _chain(
    graph: Graph, node: Node, producers: dict[str, Node], users: dict[str, list[Node]]
) -> list[Affine]:
    """The node and the constant factors and summands before it, which nobody else reads; the first one first."""
    chain: list[Affine] = []
    current: Node | None = node
    while current is not None:
        affine = affine_of(graph, current)
        if affine is None or (chain and affine.activation != "NONE"):
            break
        chain.insert(0, affine)
        private = len(users.get(affine.data, ())) == 1 and affine.data not in graph.outputs
        current = producers.get(affine.data) if private else None
    return chain


def _composed(graph: Graph, node: Node, chain: list[Affine]) -> Change | None:
    whole = chain[0]
    for affine in chain[1:]:
        whole = affine.after(whole)
    steps = [
        (op, vector)
        for op, vector, neutral in (("MUL", whole.scale, 1.0), ("ADD", whole.shift, 0.0))
        if (vector != neutral).any()
    ] or [("MUL", whole.scale)]
    if len(steps) >= len(chain) or not whole.finite:
        return None
    value, nodes = whole.data, []
    constants: dict[str, Array] = {}
    values: dict[str, TensorType] = {}
    for index, (op, vector) in enumerate(steps):
        last = index == len(steps) - 1
        operand = graph.fresh(f"{node.outputs[0]}.{op.lower()}")
        constants[operand] = vector.astype(np.float32)
        values[operand] = TensorType(DType.FLOAT32, vector.shape)
        output = node.outputs[0] if last else graph.fresh(f"{node.outputs[0]}.scaled")
        values[output] = graph.values[node.outputs[0]]
        attrs = {"fused_activation_function": whole.activation if last else "NONE"}
        nodes.append(Node(op, (value, operand), (output,), attrs, (), node.source))
        value = output
    return Change(nodes=tuple(nodes), constants=constants, values=values)


def compose_affine(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph, from the end of each chain. Results change by rounding alone."""
    producers, users, exact = graph.producers(), graph.users(), behind_integers(graph)

    def visit(current: Graph, node: Node) -> Change | None:
        if exact.intersection(node.outputs):
            return None
        chain = _chain(graph, node, producers, users)
        return _composed(current, node, chain) if len(chain) > 1 else None

    return rewrite(graph, visit)


PASS = Pass(
    "compose-affine", 32, "before fold-affine, which then finds one factor and one summand", compose_affine
)
