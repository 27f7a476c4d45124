# SPDX-License-Identifier: Apache-2.0
"""Replaces calls of functions that the file defines itself by their nodes, and operators that stand for several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from milliwatt.errors import UnsupportedError
from milliwatt.importers.onnx.decompose import decomposed
from milliwatt.importers.onnx.records import FunctionRecord, ModelRecord, NodeRecord, Reference

MAX_NODES = 10_000
MAX_DEPTH = 16


def inlined(model: ModelRecord) -> tuple[NodeRecord, ...]:
    """The main graph's nodes, without calls of the file's own functions.

    Raises:
        UnsupportedError: functions call each other too deep, or make too many nodes.
    """
    nodes: list[NodeRecord] = []
    for node in _Inliner(model.functions).expanded(model.graph.nodes, 0):
        nodes.append(node)
        if len(nodes) > MAX_NODES:
            raise UnsupportedError(f"the model's functions make more than {MAX_NODES:,} nodes")
    return tuple(nodes)


class _Inliner:
    def __init__(self, functions: Mapping[tuple[str, str], FunctionRecord]) -> None:
        self._functions = functions
        self._calls = 0

    def expanded(self, nodes: tuple[NodeRecord, ...], depth: int) -> Iterator[NodeRecord]:
        if depth > MAX_DEPTH:
            raise UnsupportedError("the model's functions call each other without end")
        for node in nodes:
            function = self._functions.get((node.domain, node.op))
            if function is None:
                yield from self._plain(node)
            else:
                yield from self.expanded(self._body(function, node), depth + 1)

    def _plain(self, node: NodeRecord) -> tuple[NodeRecord, ...]:
        self._calls += 1
        parts = decomposed(node, f"{node.name or node.op}.{self._calls}")
        return (node,) if parts is None else parts

    def _body(self, function: FunctionRecord, call: NodeRecord) -> tuple[NodeRecord, ...]:
        """The function's nodes with the caller's names; what is the function's own gets a prefix."""
        self._calls += 1
        prefix = f"{call.name or call.op}.{self._calls}/"
        inputs = (*call.inputs, *("",) * (len(function.inputs) - len(call.inputs)))
        names = dict(zip(function.inputs, inputs, strict=False))
        names.update(zip(function.outputs, call.outputs, strict=False))
        attributes = {**function.attributes, **call.attributes}

        def named(name: str) -> str:
            return names.get(name, f"{prefix}{name}") if name else ""

        return tuple(
            replace(
                node,
                name=f"{prefix}{node.name or node.op}",
                inputs=tuple(map(named, node.inputs)),
                outputs=tuple(map(named, node.outputs)),
                attributes=_resolved(node.attributes, attributes),
            )
            for node in function.nodes
        )


def _resolved(own: Mapping[str, Any], callers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes with references replaced; one to an attribute that the caller does not give is absent."""
    resolved = {
        name: callers.get(value.name) if isinstance(value, Reference) else value
        for name, value in own.items()
    }
    return MappingProxyType({name: value for name, value in resolved.items() if value is not None})
