# SPDX-License-Identifier: Apache-2.0
"""Brings the uint8 parts of a CONCATENATION to the output's scale by tables, so that they can be moved as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Graph, Node, TensorType
from milliwatt.ops import Numerics, signature
from milliwatt.ops.concatenation import alike, rescaled
from milliwatt.passes.rewrite import Change, Pass, rewrite

Array = npt.NDArray[Any]


def _visit(graph: Graph, node: Node) -> Change | None:
    if node.op != "CONCATENATION" or alike(signature(graph, node)):
        return None
    target = graph.values[node.outputs[0]]
    nodes: list[Node] = []
    values: dict[str, TensorType] = {}
    constants: dict[str, Array] = {}
    inputs = []
    for index, name in enumerate(map(str, node.inputs)):
        source = graph.values[name]
        if source.quant == target.quant:
            inputs.append(name)
            continue
        part, table = (graph.fresh(f"{node.outputs[0]}.{word}_{index}") for word in ("part", "table"))
        inputs.append(part)
        values[part] = TensorType(target.dtype, source.shape, target.quant)
        if name in graph.constants:
            constants[part] = rescaled(graph.constants[name], source, target)
            continue
        constants[table] = rescaled(np.arange(256, dtype=np.uint8), source, target)
        values[table] = TensorType(target.dtype, (256,))
        nodes.append(Node("LOOKUP", (name, table), (part,), {}, (), f"{node.source}, part {index}"))
    nodes.append(Node(node.op, tuple(inputs), node.outputs, node.attrs, node.states, node.source))
    return Change(nodes=tuple(nodes), constants=constants, values=values)


def rescale_parts(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph; constant parts become other constants."""
    return rewrite(graph, _visit)


PASS = Pass(
    "rescale-parts", 33, "before merge-tables, which joins its tables with what stands before", rescale_parts
)
