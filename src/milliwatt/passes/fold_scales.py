# SPDX-License-Identifier: Apache-2.0
"""Folds a constant scale into the weights of the layer that its data come from, through moves and matrix products.

Attention divides the products of queries and keys by the root of their depth: the projection of the queries can
do that for nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Numerics
from milliwatt.passes.affine import LINEAR, affine_of, is_plain, parameters
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Pass

Array = npt.NDArray[Any]

_PASSED = {"RESHAPE": (0,), "TRANSPOSE": (0,), "BATCH_MATMUL": (0, 1)}
"""Operators whose result scales with each of these inputs."""


def _layer_behind(
    graph: Graph, value: str, producers: dict[str, Node], users: dict[str, list[Node]]
) -> Node | None:
    """The layer whose scaled result scales the value and nothing else."""
    node = producers.get(value)
    if node is None or len(users[value]) != 1 or value in graph.outputs:
        return None
    if parameters(graph, node) is not None:
        shared = len(users[str(node.inputs[LINEAR[node.op].filter])]) != 1
        return node if is_plain(node) and not shared else None
    for index in _PASSED.get(node.op, ()):
        source = str(node.inputs[index])
        found = None if source in graph.constants else _layer_behind(graph, source, producers, users)
        if found is not None:
            return found
    return None


def _scaled(graph: Graph, layer: Node, factor: float) -> tuple[Node, dict[str, Array]]:
    """The layer with filter and bias times the factor, and these constants."""
    places, inputs = LINEAR[layer.op], list(layer.inputs)
    constants: dict[str, Array] = {}
    for index, word in ((places.filter, "filter"), (places.bias, "bias")):
        old = inputs[index] if index < len(inputs) else None
        if old is not None:
            name = graph.fresh(f"{layer.outputs[0]}.scaled_{word}")
            constants[name] = (graph.constants[old].astype(np.float64) * factor).astype(np.float32)
            inputs[index] = name
    return replace(layer, inputs=tuple(inputs)), constants


def _fold_one(graph: Graph) -> Graph:
    """The graph with one scale folded, or the same object."""
    producers, users, exact = graph.producers(), graph.users(), behind_integers(graph)
    for node in graph.nodes:
        affine = affine_of(graph, node)
        if affine is None or affine.scale.size != 1 or affine.shift.any() or affine.activation != "NONE":
            continue
        output = node.outputs[0]
        if output in graph.outputs or output in exact or node.op not in ("MUL", "DIV"):
            continue
        layer = _layer_behind(graph, affine.data, producers, users)
        if layer is None:
            continue
        scaled, constants = _scaled(graph, layer, float(affine.scale[0]))
        if not all(np.isfinite(array).all() for array in constants.values()):
            continue
        nodes = tuple(
            _renamed(scaled if entry is layer else entry, output, affine.data)
            for entry in graph.nodes
            if entry is not node
        )
        values = {name: TensorType(DType.FLOAT32, array.shape) for name, array in constants.items()}
        return graph.replace(
            nodes=nodes, values={**graph.values, **values}, constants={**graph.constants, **constants}
        ).pruned()
    return graph


def _renamed(node: Node, old: str, new: str) -> Node:
    return replace(node, inputs=tuple(new if name == old else name for name in node.inputs))


def fold_scales(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One scale after the other. Results change by rounding alone."""
    while True:
        folded = _fold_one(graph)
        if folded is graph:
            return graph
        graph = folded


PASS = Pass("fold-scales", 32, "behind fold-affine, which folds what stands beside a layer", fold_scales)
