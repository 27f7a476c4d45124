# SPDX-License-Identifier: Apache-2.0
"""Merges chains of element-wise operators that start at 8-bit integers into one table of 256 entries.

DEQUANTIZE followed by QUANTIZE is the common case: the pair is a table from int8 to int8, and none at all
where scale and zero point agree (canonicalise then drops the table).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Graph, Node, TensorType
from milliwatt.ops import Call, Numerics, Signature, find, signature
from milliwatt.passes.rewrite import Change, Pass, rewrite

Array = npt.NDArray[Any]


def _eight_bit(kind: TensorType) -> bool:
    return kind.dtype.bytes == 1 and kind.dtype.is_integer


def apply_elementwise(graph: Graph, node: Node, values: Array, numerics: Numerics) -> Array:
    """The node's meaning on a line of values."""
    kind = signature(graph, node)
    line = Signature(
        op=kind.op,
        inputs=(TensorType(kind.input(0).dtype, values.shape, kind.input(0).quant), *kind.inputs[1:]),
        outputs=(TensorType(kind.outputs[0].dtype, values.shape, kind.outputs[0].quant),),
        constants=kind.constants,
        attrs=kind.attrs,
        source=kind.source,
    )
    rest = tuple(None if name is None else graph.constants[name] for name in node.inputs[1:])
    return find(node.op).evaluate(Call(line, (values, *rest), numerics))[0]


def table_of(graph: Graph, node: Node, numerics: Numerics) -> Array:
    """What an element-wise node makes of each value of its 8-bit input, from the smallest to the largest."""
    kind = graph.values[str(node.inputs[0])]
    low, high = kind.dtype.limits
    return apply_elementwise(graph, node, np.arange(low, high + 1).astype(kind.dtype.numpy), numerics)


def _merge(
    graph: Graph, node: Node, *, numerics: Numerics, producers: dict[str, Node], users: dict[str, list[Node]]
) -> Change | None:
    if not find(node.op).elementwise or not _eight_bit(graph.values[node.outputs[0]]):
        return None
    chain = [node]
    while True:
        name = str(chain[0].inputs[0])
        before = producers.get(name)
        private = len(users.get(name, [])) == 1 and name not in graph.outputs
        if before is None or not private or not find(before.op).elementwise:
            break
        chain.insert(0, before)
    while len(chain) > 1 and not _eight_bit(graph.values[str(chain[0].inputs[0])]):
        chain.pop(0)
    if len(chain) < 2:
        return None
    start = str(chain[0].inputs[0])
    values = table_of(graph, chain[0], numerics)
    for link in chain[1:]:
        values = apply_elementwise(graph, link, values, numerics)
    table = graph.fresh(f"{node.outputs[0]}.table")
    merged = Node("LOOKUP", (start, table), node.outputs, {}, (), " + ".join(link.source for link in chain))
    return Change(
        nodes=(merged,),
        constants={table: values},
        values={table: TensorType(graph.values[node.outputs[0]].dtype, values.shape)},
    )


def merge_tables(graph: Graph, numerics: Numerics) -> Graph:
    """One walk over the graph; what the merged nodes computed before is left to dead-code removal."""
    producers, users = graph.producers(), graph.users()
    return rewrite(
        graph,
        lambda current, node: _merge(current, node, numerics=numerics, producers=producers, users=users),
    )


PASS = Pass(
    "merge-tables",
    40,
    "behind activation fusion: a clamp inside a convolution is cheaper than a table",
    merge_tables,
)
