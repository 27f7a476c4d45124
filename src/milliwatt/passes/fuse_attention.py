# SPDX-License-Identifier: Apache-2.0
"""Makes ATTENTION of the products, the scaling, the mask and the softmax that it consists of, on floats.

The scores of all queries then never lie in memory at once: 4 * heads * queries * keys bytes become 4 * keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from milliwatt.ir import DType, Graph, Node, Shape, TensorType
from milliwatt.ops import Numerics
from milliwatt.passes.rewrite import Array, Change, Pass, rewrite

_SHUT_OUT = -1e30


@dataclass(frozen=True)
class _Walk:
    """Goes backwards through values that nothing else reads."""

    graph: Graph
    producers: dict[str, Node]
    readers: dict[str, int]

    def source(self, value: str) -> tuple[Node | None, str]:
        """The node behind a value with one reader, and its output, views of the same matrices left out."""
        node = self.producers.get(value)
        if node is None or self.readers[value] != 1 or value in self.graph.outputs:
            return None, value
        if node.op == "RESHAPE" and self._same_matrices(node):
            return self.source(str(node.inputs[0]))
        return node, value

    def _same_matrices(self, node: Node) -> bool:
        before, after = (self.graph.values[str(name)].shape for name in (node.inputs[0], node.outputs[0]))
        return len(before) >= 2 and len(after) >= 2 and before[-2:] == after[-2:]


def _factor(graph: Graph, node: Node) -> tuple[str, float] | None:
    """The scores and the constant that they are multiplied by."""
    if node.op not in ("MUL", "DIV") or node.attrs.get("fused_activation_function", "NONE") != "NONE":
        return None
    first, second = map(str, node.inputs)
    if node.op == "MUL" and first in graph.constants:
        first, second = second, first
    array = graph.constants.get(second)
    if array is None or array.size != 1 or first in graph.constants:
        return None
    value = float(array.reshape(-1)[0])
    if node.op == "DIV":
        value = 1.0 / value if value else math.inf
    same = graph.values[first].shape == graph.values[node.outputs[0]].shape
    return (first, value) if same and math.isfinite(value) else None


def _scores(walk: _Walk, value: str) -> tuple[Node, float] | None:
    """The product of queries and keys behind a value, and its scale."""
    node, _ = walk.source(value)
    if node is None:
        return None
    scale = 1.0
    scaled = _factor(walk.graph, node)
    if scaled is not None:
        node, scale = walk.source(scaled[0])[0], scaled[1]
    product = node is not None and node.op == "BATCH_MATMUL" and not node.attrs.get("adj_x", False)
    return (node, scale) if node is not None and product else None


def _masked_scores(walk: _Walk, value: str) -> tuple[Node, float, str | Array | None] | None:
    """The product, its scale and the mask that is added: a value, or the array that a choice amounts to."""
    plain = _scores(walk, value)
    if plain is not None:
        return *plain, None
    node, _ = walk.source(value)
    if node is None:
        return None
    if node.op == "SELECT_V2":
        return _chosen_scores(walk, node)
    if node.op != "ADD" or node.attrs.get("fused_activation_function", "NONE") != "NONE":
        return None
    first, second = map(str, node.inputs)
    shape = walk.graph.values[node.outputs[0]].shape
    for scores, mask in ((first, second), (second, first)):
        found = _scores(walk, scores) if walk.graph.values[scores].shape == shape else None
        if found is not None and _repeats(walk.graph.values[mask].shape, shape):
            return *found, walk.graph.constants.get(mask, mask)
    return None


def _chosen_scores(walk: _Walk, node: Node) -> tuple[Node, float, Array] | None:
    """Scores where a constant says so, else minus infinity."""
    allowed, scores, other = map(str, node.inputs)
    condition, fill = walk.graph.constants.get(allowed), walk.graph.constants.get(other)
    found = _scores(walk, scores)
    if found is None or condition is None or fill is None or not np.isneginf(fill).all() or fill.size != 1:
        return None
    shape = walk.graph.values[node.outputs[0]].shape
    if walk.graph.values[scores].shape != shape or not _repeats(condition.shape, shape):
        return None
    return *found, np.where(condition, np.float32(0), np.float32(-np.inf))


def _repeats(shape: Shape, scores: Shape) -> bool:
    """Whether a mask is one matrix for all, or one for each matrix of scores, of as many columns as these."""
    if len(shape) < 2 or shape[-1] != scores[-1]:
        return False
    return math.prod(shape[:-2]) == 1 or shape[:-2] == scores[:-2]


def _visit(walk: _Walk, node: Node) -> Change | None:
    graph = walk.graph
    if node.op != "BATCH_MATMUL" or graph.values[node.outputs[0]].dtype is not DType.FLOAT32:
        return None
    if node.attrs.get("adj_x", False) or node.attrs.get("adj_y", False):
        return None
    softmax, _ = walk.source(str(node.inputs[0]))
    if softmax is None or softmax.op != "SOFTMAX" or softmax.attrs.get("beta", 1.0) != 1.0:
        return None
    found = _masked_scores(walk, str(softmax.inputs[0]))
    if found is None:
        return None
    product, scale, mask = found
    query, key, value = str(product.inputs[0]), str(product.inputs[1]), str(node.inputs[1])
    leading = [graph.values[name].shape[:-2] for name in (query, key, value, node.outputs[0])]
    if leading[0] != leading[1] or leading[2] != leading[3] or math.prod(leading[0]) != math.prod(leading[2]):
        return None
    attrs = {"scale": scale, "keys_in_columns": not product.attrs.get("adj_y", False)}
    inputs: tuple[str, ...] = (query, key, value)
    if isinstance(mask, str):
        inputs += (mask,)
    elif mask is not None and _is_causal(mask):
        attrs["causal"] = True
    elif mask is not None:
        name = graph.fresh(f"{node.outputs[0]}.mask")
        changed = Node("ATTENTION", (*inputs, name), node.outputs, attrs, source=node.source)
        kind = TensorType(DType.FLOAT32, mask.shape)
        return Change(nodes=(changed,), constants={name: mask}, values={name: kind})
    return Change(nodes=(Node("ATTENTION", inputs, node.outputs, attrs, source=node.source),))


def _is_causal(mask: Array) -> bool:
    """Whether it lets every query see the keys up to its own place, and shuts out the others.

    What is as low as the lowest floats leaves no exponential, as minus infinity.
    """
    matrices = mask.reshape(-1, *mask.shape[-2:])
    allowed = np.tri(*matrices.shape[1:], dtype=np.bool_)
    return bool((matrices[:, allowed] == 0).all() and (matrices[:, ~allowed] <= _SHUT_OUT).all())


def fuse_attention(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph; what the pattern leaves behind is dead."""
    if not any(node.op == "SOFTMAX" for node in graph.nodes):
        return graph
    readers = {value: sum(value in user.inputs for user in users) for value, users in graph.users().items()}
    walk = _Walk(graph, graph.producers(), readers)
    return rewrite(graph, lambda _, node: _visit(walk, node))


PASS = Pass("fuse-attention", 36, "behind canonicalise, which leaves one kind of view", fuse_attention)
