# SPDX-License-Identifier: Apache-2.0
"""Moves a RESHAPE behind element-wise operators, so that these stand beside the layers that they belong to.

A pair of reshapes around element-wise operators meets there and cancels; a flatten meets the fully connected layer
whose columns can be permuted.
"""

from __future__ import annotations

from milliwatt.ir import Graph, Node, TensorType
from milliwatt.ops import Numerics, find
from milliwatt.ops.broadcast import broadcast_shape
from milliwatt.passes.rewrite import Change, Pass, rewrite


def _elementwise_on(graph: Graph, node: Node) -> int | None:
    """The index of the one input that an element-wise node reads: all others are constants without a shape."""
    operator = find(node.op)
    if node.states or len(node.outputs) != 1:
        return None
    if operator.elementwise:
        return 0
    computed = [index for index, name in enumerate(node.inputs) if name not in graph.constants]
    if operator.shapes is not broadcast_shape or len(computed) != 1:
        return None
    rest = [name for index, name in enumerate(node.inputs) if index != computed[0]]
    single = all(name is not None and graph.values[name].size == 1 for name in rest)
    data = graph.values[str(node.inputs[computed[0]])]
    return computed[0] if single and data.shape == graph.values[node.outputs[0]].shape else None


def _rank_kept(graph: Graph, node: Node, shape: tuple[int, ...]) -> bool:
    """Whether no constant operand has more dimensions than the shape."""
    return all(
        len(graph.values[name].shape) <= len(shape)
        for name in node.inputs
        if name is not None and name in graph.constants and not find(node.op).elementwise
    )


def sink_reshapes(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. A RESHAPE that others read, too, stays."""
    producers, users = graph.producers(), graph.users()

    def visit(current: Graph, node: Node) -> Change | None:
        index = _elementwise_on(current, node)
        value = None if index is None else str(node.inputs[index])
        reshape = None if value is None else producers.get(value)
        if reshape is None or reshape.op != "RESHAPE" or value is None or index is None:
            return None
        source = current.values[str(reshape.inputs[0])]
        if (
            len(users.get(value, ())) != 1
            or value in graph.outputs
            or not _rank_kept(current, node, source.shape)
        ):
            return None
        inner = current.fresh(f"{node.outputs[0]}.before_reshape")
        target = current.values[node.outputs[0]]
        inputs = (*node.inputs[:index], reshape.inputs[0], *node.inputs[index + 1 :])
        moved = Node(node.op, inputs, (inner,), node.attrs, node.states, node.source)
        last = Node("RESHAPE", (inner,), node.outputs, {"new_shape": target.shape}, (), reshape.source)
        producers[inner], producers[node.outputs[0]] = moved, last
        kind = TensorType(target.dtype, source.shape, target.quant)
        return Change(nodes=(moved, last), values={inner: kind})

    return rewrite(graph, visit)


PASS = Pass(
    "sink-reshapes",
    29,
    "behind canonicalise; before reshapes are composed and layouts assigned",
    sink_reshapes,
)
