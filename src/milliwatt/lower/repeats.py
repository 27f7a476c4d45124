# SPDX-License-Identifier: Apache-2.0
"""Nodes that repeat an earlier one on other values: the same work on the same constants is lowered once.

Layers that run in bands of rows repeat themselves band after band.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from milliwatt.ir import Graph, Node
from milliwatt.lower.alternatives import Calls, Place
from milliwatt.lower.program import Argument, Overlap, Read, Write

_Key = tuple[object, ...]


@dataclass
class Repeats:
    """The places so far, by what their nodes do."""

    graph: Graph
    _known: dict[_Key, tuple[int, Node, Place]] = field(default_factory=dict)

    def find(self, node: Node) -> Place | None:
        """The place of a node that repeats one that was added."""
        known = self._known.get(self._key(node))
        if known is None:
            return None
        index, first, place = known
        names = dict(zip((*first.inputs, *first.outputs), (*node.inputs, *node.outputs), strict=True))
        renamed = {str(old): str(new) for old, new in names.items() if old is not None}
        candidates = tuple(_renamed(calls, renamed, node.source) for calls in place.candidates)
        return Place(place.site, candidates, repeats=index)

    def add(self, index: int, node: Node, place: Place) -> None:
        """Place number ``index`` is that of the node."""
        if not node.states:
            self._known.setdefault(self._key(node), (index, node, place))

    def _key(self, node: Node) -> _Key:
        """What the node does, its values counted only by type and by which of them are one."""
        inputs = [
            (node.inputs.index(name), name if name in self.graph.constants else self.graph.values[str(name)])
            if name is not None
            else None
            for name in node.inputs
        ]
        outputs = [self.graph.values[name] for name in node.outputs]
        return (node.op, tuple(sorted(node.attrs.items())), tuple(inputs), tuple(outputs), node.states)


def _renamed(calls: Calls, names: Mapping[str, str], source: str) -> Calls:
    def argument(old: Argument) -> Argument:
        return replace(old, value=names[old.value]) if isinstance(old, Read | Write) else old

    def overlap(old: Overlap) -> Overlap:
        return replace(old, read=names[old.read], write=names[old.write])

    return tuple(
        replace(
            call,
            outputs=tuple(names[name] for name in call.outputs),
            arguments=tuple(argument(one) for one in call.arguments),
            overlaps=tuple(overlap(one) for one in call.overlaps),
            source=source,
        )
        for call in calls
    )
