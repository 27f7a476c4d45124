# SPDX-License-Identifier: Apache-2.0
"""Makes FULLY_CONNECTED of a float BATCH_MATMUL by a constant matrix: that takes a bias and an activation."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Numerics
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Change, Pass, rewrite


def _visit(graph: Graph, node: Node, made: dict[tuple[str, bool], str]) -> Change | None:
    if node.op != "BATCH_MATMUL" or node.attrs.get("adj_x", False):
        return None
    data, name = map(str, node.inputs)
    matrix, kind = graph.constants.get(name), graph.values[data]
    if matrix is None or data in graph.constants or kind.dtype is not DType.FLOAT32:
        return None
    if math.prod(matrix.shape[:-2]) != 1 or matrix.ndim > len(kind.shape):
        return None
    transposed = bool(node.attrs.get("adj_y", False))
    flat = matrix.reshape(matrix.shape[-2:])
    weights = made.setdefault((name, transposed), graph.fresh(f"{name}.filter"))
    filters = np.ascontiguousarray(flat if transposed else flat.T)
    layer = Node(
        "FULLY_CONNECTED", (data, weights, None), node.outputs, {"keep_num_dims": True}, (), node.source
    )
    return Change(
        nodes=(layer,),
        constants={weights: filters},
        values={weights: TensorType(DType.FLOAT32, filters.shape)},
    )


def matrix_products(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph; products by the same matrix share one filter. Results change by rounding alone."""
    exact = behind_integers(graph)
    made: dict[tuple[str, bool], str] = {}
    return rewrite(
        graph, lambda current, node: None if exact.intersection(node.outputs) else _visit(current, node, made)
    )


PASS = Pass(
    "matrix-products",
    21,
    "before assign-layouts and fold-affine, which know fully connected layers",
    matrix_products,
)
