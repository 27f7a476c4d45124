# SPDX-License-Identifier: Apache-2.0
"""Moves RELU, RELU6 and RELU_N1_TO_1 into the operator before them, where a clamp means the same.

Which operators take an activation is what their own constraints say of `fused_activation_function`.
"""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Numerics, find, signature
from milliwatt.ops.activation_range import clamp
from milliwatt.ops.check import supports
from milliwatt.passes.rewrite import Change, Pass, rewrite
from milliwatt.passes.tables import apply_elementwise

_ATTRIBUTE = "fused_activation_function"
_CLAMPS = frozenset({"RELU", "RELU6", "RELU_N1_TO_1"})


def _is_clamp(graph: Graph, node: Node, numerics: Numerics) -> bool:
    """Whether the activation only limits its input: floats always, integers when tried on every value."""
    source, target = graph.values[str(node.inputs[0])], graph.values[node.outputs[0]]
    if source.dtype is DType.FLOAT32:
        return True
    if source.quant != target.quant or source.dtype not in (DType.INT8, DType.UINT8, DType.INT16):
        return False
    low, high = source.dtype.limits
    line = np.arange(low, high + 1).astype(source.dtype.numpy)
    limited = clamp(line, node.op, TensorType(target.dtype, line.shape, target.quant))
    return bool(np.array_equal(apply_elementwise(graph, node, line, numerics), limited))


def _visit(graph: Graph, node: Node, *, numerics: Numerics, users: dict[str, list[Node]]) -> Change | None:
    """At the producer: take over the activation that alone reads it."""
    if find(node.op).filled(node).get(_ATTRIBUTE) != "NONE":
        return None
    output = node.outputs[0]
    readers = users.get(output, [])
    if len(readers) != 1 or output in graph.outputs or readers[0].op not in _CLAMPS:
        return None
    activation = readers[0]
    if not _is_clamp(graph, activation, numerics):
        return None
    fused = Node(
        node.op,
        node.inputs,
        activation.outputs,
        {**node.attrs, _ATTRIBUTE: activation.op},
        node.states,
        f"{node.source} + {activation.op}",
    )
    return Change(nodes=(fused,)) if supports(signature(graph, fused)) else None


def fuse_activations(graph: Graph, numerics: Numerics) -> Graph:
    """One walk over the graph; fused activations are dropped in the same walk."""
    users = graph.users()
    gone: set[str] = set()

    def visit(current: Graph, node: Node) -> Change | None:
        if gone.intersection(node.outputs):
            return Change()
        change = _visit(current, node, numerics=numerics, users=users)
        if change is not None:
            gone.update(change.nodes[0].outputs)
        return change

    return rewrite(graph, visit)


PASS = Pass("fuse-activations", 35, "behind canonicalise, before activations become tables", fuse_activations)
