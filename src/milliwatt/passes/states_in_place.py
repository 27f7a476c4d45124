# SPDX-License-Identifier: Apache-2.0
"""Lets state variables be updated where they lie: caches that take a row, states of recurrent layers.

READ_VARIABLE, DYNAMIC_UPDATE_SLICE and ASSIGN_VARIABLE of one variable become ASSIGN_VARIABLE_SLICE. A recurrent layer
whose initial states are read from variables, and whose last states are assigned to them, takes the variables itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from milliwatt.ir import Graph, Node
from milliwatt.ops import Numerics
from milliwatt.ops.recurrent import FIRST_STATE, STATES
from milliwatt.passes.rewrite import Pass


@dataclass(frozen=True)
class _Turn:
    """One variable that is read once and then assigned once, and touched by no other node."""

    state: str
    read: Node
    assign: Node


def _turns(graph: Graph) -> Iterator[_Turn]:
    for state in graph.states:
        nodes = [node for node in graph.nodes if state.name in node.states]
        if [node.op for node in nodes] == ["READ_VARIABLE", "ASSIGN_VARIABLE"]:
            yield _Turn(state.name, *nodes)


def _used_once(graph: Graph, value: str) -> bool:
    return len(graph.users()[value]) == 1 and value not in graph.outputs


def _without_views(graph: Graph, value: str) -> str:
    """What a chain of RESHAPE views, each of which is the only reader of the one before."""
    producers = graph.producers()
    node = producers.get(value)
    while node is not None and node.op == "RESHAPE" and _used_once(graph, str(node.inputs[0])):
        value = str(node.inputs[0])
        node = producers.get(value)
    return value


def _cache(graph: Graph, turn: _Turn) -> Graph | None:
    """The variable takes a slice."""
    value = str(turn.assign.inputs[1])
    update = graph.producers().get(value)
    if update is None or update.op != "DYNAMIC_UPDATE_SLICE" or update.inputs[0] != turn.read.outputs[0]:
        return None
    same = graph.values[value].shape == graph.state(turn.state).type.shape
    if not same or not _used_once(graph, turn.read.outputs[0]):
        return None
    node = Node(
        "ASSIGN_VARIABLE_SLICE", update.inputs[1:], update.outputs, {}, (turn.state,), source=update.source
    )
    return _replaced(graph, update, node, {turn.read, turn.assign})


def _recurrent(graph: Graph, layer: Node, turns: dict[str, _Turn]) -> Graph | None:
    """The layer takes the variables of its states; its last states then have no other reader."""
    count = STATES[layer.op]
    initial = [*layer.inputs[FIRST_STATE:], *(None,) * count][:count]
    if layer.states or any(value is None for value in initial):
        return None
    found = []
    for value, last in zip(initial, layer.outputs[1:], strict=True):
        turn = turns.get(_without_views(graph, str(value)))
        if turn is None or not _used_once(graph, str(value)) or not _used_once(graph, turn.read.outputs[0]):
            return None
        if _without_views(graph, str(turn.assign.inputs[1])) != last or not _used_once(graph, last):
            return None
        found.append(turn)
    states = tuple(turn.state for turn in found)
    if len(set(states)) != count:
        return None
    node = Node(
        layer.op, layer.inputs[:FIRST_STATE], layer.outputs[:1], layer.attrs, states, source=layer.source
    )
    dropped = {turn.read for turn in found} | {turn.assign for turn in found}
    return _replaced(graph, layer, node, dropped)


def _replaced(graph: Graph, old: Node, new: Node, dropped: set[Node]) -> Graph:
    """Views of what is no longer made go with it."""
    gone = {output for node in dropped for output in node.outputs} | (set(old.outputs) - set(new.outputs))
    nodes = []
    for node in graph.nodes:
        if node is old:
            nodes.append(new)
        elif node.op == "RESHAPE" and node.inputs[0] in gone:
            gone.update(node.outputs)
        elif not any(node is other for other in dropped):
            nodes.append(node)
    return graph.replace(nodes=tuple(nodes)).pruned()


def states_in_place(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One change at a time, until there is none left."""
    turns = {turn.read.outputs[0]: turn for turn in _turns(graph)}
    if not turns:
        return graph
    changes = (
        *(_cache(graph, turn) for turn in turns.values()),
        *(_recurrent(graph, node, turns) for node in graph.nodes if node.op in STATES),
    )
    changed = next((change for change in changes if change is not None), None)
    return graph if changed is None else states_in_place(changed)


PASS = Pass(
    "states-in-place",
    40,
    "behind the patterns that move operators, before dead code is dropped",
    states_in_place,
)
