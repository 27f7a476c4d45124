# SPDX-License-Identifier: Apache-2.0
"""What is computed element by element from one 8-bit value, and quantised to 8 bits again, becomes a table.

The table is exact, whatever lies between: x * clip(x + 3, 0, 6) / 6, a sigmoid, an unusual activation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.quantised.draft import Draft
from milliwatt.ir import Graph, Node, TensorType
from milliwatt.ops import Call, Numerics, find, signature

Array = npt.NDArray[Any]

_PAIRS = frozenset(
    {"ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "SELECT_V2", "PRELU", "POW"}
    | {"EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"}
)
MAX_CONE = 64


def merge_tables(graph: Graph) -> Graph:
    """One walk; what fed only the tables is left to `clean`."""
    draft = Draft(graph)
    order = {output: number for number, node in enumerate(graph.nodes) for output in node.outputs}
    for node in graph.nodes:
        if not _replaced(draft, node, order):
            draft.append(node)
    return draft.finished()


def _replaced(draft: Draft, node: Node, order: dict[str, int]) -> bool:
    if node.op != "QUANTIZE" or not _eight_bit(draft.type_of(node.outputs[0])):
        return False
    cone = _cone(draft, node, order)
    if cone is None or len(cone) < 2:
        return False
    source = str(cone[0].inputs[0])
    table = _table(draft.graph, cone, draft.type_of(source))
    name = draft.constant(f"{node.outputs[0]}.table", table, None)
    label = " + ".join(dict.fromkeys(link.source for link in cone[:4]))
    draft.add("LOOKUP", (source, name), node.outputs[0], source=label)
    return True


def _eight_bit(kind: TensorType) -> bool:
    return kind.dtype.bytes == 1 and kind.dtype.is_integer


def _cone(draft: Draft, end: Node, order: dict[str, int]) -> list[Node] | None:
    """All nodes between one DEQUANTIZE of 8-bit data and this QUANTIZE, in order; None where there is more to it."""
    graph, shape = draft.graph, draft.type_of(end.outputs[0]).shape
    found: dict[str, Node] = {}
    waiting, source = [end], None
    while waiting:
        node = waiting.pop()
        if node.outputs[0] in found:
            continue
        found[node.outputs[0]] = node
        if len(found) > MAX_CONE:
            return None
        if node.op == "DEQUANTIZE":
            if source not in (None, node.inputs[0]) or not _eight_bit(draft.type_of(node.inputs[0])):
                return None
            source = node.inputs[0]
            continue
        for name in node.inputs:
            array = graph.constants.get(str(name))
            if array is not None and (array.size == 1 or node.op not in _PAIRS):
                continue
            maker = None if array is not None else draft.makers.get(str(name))
            if maker is None or not _elementwise(maker) or draft.type_of(name).shape != shape:
                return None
            waiting.append(maker)
    if source is None or source in graph.constants:
        return None
    nodes = sorted(found.values(), key=lambda node: order[node.outputs[0]])
    starts = [node for node in nodes if node.op == "DEQUANTIZE"]
    return [*starts, *(node for node in nodes if node.op != "DEQUANTIZE")]


def _elementwise(node: Node) -> bool:
    if len(node.outputs) != 1 or node.op == "QUANTIZE":
        return False
    return node.op in _PAIRS or find(node.op).elementwise


def _table(graph: Graph, cone: list[Node], kind: TensorType) -> Array:
    """What the cone makes of each of the 256 values."""
    low, high = kind.dtype.limits
    known: dict[str, Array] = {str(cone[0].inputs[0]): np.arange(low, high + 1).astype(kind.dtype.numpy)}
    for node in cone:
        arrays = tuple(
            known[name] if name in known else graph.constants[name] for name in map(str, node.inputs)
        )
        full = signature(graph, node)
        line = replace(
            full,
            inputs=tuple(
                None if kind is None else replace(kind, shape=array.shape)
                for kind, array in zip(full.inputs, arrays, strict=True)
            ),
            outputs=(replace(full.outputs[0], shape=(high - low + 1,)),),
        )
        (known[node.outputs[0]],) = find(node.op).evaluate(Call(line, arrays, Numerics.LITERT))
    return known[cone[-1].outputs[0]]
