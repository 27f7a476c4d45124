# SPDX-License-Identifier: Apache-2.0
"""Which transposes a graph still has, what they move, and which nodes insist on their orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from milliwatt.ir import Graph, Node
from milliwatt.passes.layout.freedom import Freedom
from milliwatt.passes.layout.operators import Neighbours, freedom_of

_MAX_NAMED = 2
"""The most nodes that a reason names on either side."""


@dataclass(frozen=True)
class RemainingTranspose:
    """A TRANSPOSE that a graph has.

    Attributes:
        value: what it makes.
        bytes: the size of that, all of which is moved.
        reason: who gives one order and who reads the other.
    """

    value: str
    bytes: int
    reason: str

    def to_json(self) -> dict[str, str | int]:
        """The form in `milliwatt inspect --json`."""
        return {"value": self.value, "bytes": self.bytes, "reason": self.reason}


def remaining_transposes(graph: Graph) -> tuple[RemainingTranspose, ...]:
    """All transposes of a graph in execution order. Behind the passes none of them can be avoided for fewer bytes."""
    found = [node for node in graph.nodes if node.op == "TRANSPOSE"]
    if not found:
        return ()
    ends = _Ends(graph)
    return tuple(_remaining(graph, ends, node) for node in found)


def _remaining(graph: Graph, ends: _Ends, node: Node) -> RemainingTranspose:
    source, target = graph.values[str(node.inputs[0])], graph.values[node.outputs[0]]
    givers = _listed(ends.before(str(node.inputs[0])))
    readers = _listed(ends.behind(node.outputs[0]))
    reason = f"{givers} gives {list(source.shape)}, {readers} reads {list(target.shape)}"
    return RemainingTranspose(node.outputs[0], target.bytes, reason)


def _listed(names: list[str]) -> str:
    if not names:
        return "what is free in its order"
    shown = " and ".join(names[:_MAX_NAMED])
    return f"{shown} and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else shown


class _Ends:
    """Finds the fixed ends of the free nodes around a value."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._neighbours = Neighbours.of(graph)

    def _freedom(self, node: Node) -> Freedom | None:
        if node.op == "TRANSPOSE":
            return None
        return freedom_of(self._graph, node, self._neighbours)

    def before(self, value: str) -> list[str]:
        """Inputs and nodes that fix the order in which a value is made."""
        return self._walk(value, self._step_before)

    def behind(self, value: str) -> list[str]:
        """Outputs and nodes that fix the order in which a value is read."""
        return self._walk(value, self._step_behind)

    def _walk(self, start: str, step: Callable[[str], Iterator[tuple[str, str]]]) -> list[str]:
        found: dict[str, None] = {}
        seen, waiting = {start}, [start]
        while waiting:
            for end, following in step(waiting.pop()):
                if end:
                    found[end] = None
                elif following not in seen:
                    seen.add(following)
                    waiting.append(following)
        return list(found)

    def _step_before(self, value: str) -> Iterator[tuple[str, str]]:
        """Pairs of the name of an end, or else a value to go on with."""
        node = self._neighbours.producers.get(value)
        if node is None:
            if value in self._graph.inputs:
                yield f"the input {value}", ""
            return
        freedom = self._freedom(node)
        if freedom is None or node.outputs.index(value) not in freedom.outputs:
            yield _named(node), ""
            return
        for index in freedom.inputs:
            yield "", str(node.inputs[index])

    def _step_behind(self, value: str) -> Iterator[tuple[str, str]]:
        if value in self._graph.outputs:
            yield f"the output {value}", ""
        for node in self._neighbours.users[value]:
            freedom = self._freedom(node)
            if freedom is None or node.inputs.index(value) not in freedom.inputs:
                yield _named(node), ""
                continue
            for index in freedom.outputs:
                yield "", node.outputs[index]


def _named(node: Node) -> str:
    # What was fused into a layer follows behind a plus.
    return f"{node.op} ({node.source.split(' + ')[0]})" if node.source else node.op
