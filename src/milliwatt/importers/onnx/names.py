# SPDX-License-Identifier: Apache-2.0
"""How the tensors of an ONNX file get value names: their own, printable and never twice.

The rule depends on nothing but the file, so that a runner of the same file can say which tensor is which value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milliwatt.importers.onnx.records import GraphRecord, NodeRecord
from milliwatt.ir.naming import unique_names


def tensor_names(graph: GraphRecord, nodes: Sequence[NodeRecord]) -> dict[str, str]:
    """The value name of every tensor of the graph, branches included."""
    found = list(dict.fromkeys(name for name in _tensors(graph, nodes) if name))
    return dict(zip(found, unique_names(found), strict=True))


def _tensors(graph: GraphRecord, nodes: Sequence[NodeRecord]) -> Iterator[str]:
    yield from (item.name for item in (*graph.inputs, *graph.outputs))
    yield from graph.constants
    for node in nodes:
        yield from node.outputs
        for value in node.attributes.values():
            if isinstance(value, GraphRecord):
                yield from _tensors(value, value.nodes)
