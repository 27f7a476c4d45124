# SPDX-License-Identifier: Apache-2.0
"""What a choice of orders costs: the bytes that are moved where a value is read in another order than it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from milliwatt.ir import Graph, Node
from milliwatt.passes.layout.freedom import Freedom, Operand, Order, plain_order
from milliwatt.passes.layout.operators import Neighbours, freedom_of

Choice = tuple[Order | None, ...]
"""The order of the axes of each node; None for nodes without freedom."""


@dataclass(frozen=True)
class End:
    """Where a value is made or read: a node, and the operand that follows its axes (None: the plain order)."""

    node: int
    operand: Operand | None

    def order(self, choice: Choice, plain: Order) -> Order:
        """The value's order here."""
        axes = choice[self.node]
        return plain if self.operand is None or axes is None else self.operand.order(axes)


@dataclass(frozen=True)
class Edge:
    """A value between the node that makes it (None: the graph's input) and those that read it."""

    value: str
    bytes: int
    plain: Order
    producer: End | None
    readers: tuple[End, ...]
    is_output: bool

    def given(self, choice: Choice) -> Order:
        """The order in which the value is made."""
        return self.plain if self.producer is None else self.producer.order(choice, self.plain)

    def wanted(self, choice: Choice) -> set[Order]:
        """The orders in which it is read."""
        orders = {reader.order(choice, self.plain) for reader in self.readers}
        return orders | {self.plain} if self.is_output else orders

    def moves(self, choice: Choice) -> int:
        """The orders that the value must be brought to."""
        return len(self.wanted(choice) - {self.given(choice)})


@dataclass(frozen=True)
class Model:
    """The nodes that an output or a state depends on, in execution order, and the values between them."""

    nodes: tuple[Node, ...]
    freedoms: tuple[Freedom | None, ...]
    edges: tuple[Edge, ...]

    @property
    def plain(self) -> Choice:
        """Every node in the order in which it was written."""
        return tuple(None if freedom is None else freedom.plain for freedom in self.freedoms)

    def moved_bytes(self, choice: Choice) -> int:
        """The bytes of all values that must be brought to another order, once for each order."""
        return sum(edge.bytes * edge.moves(choice) for edge in self.edges)

    def moves(self, choice: Choice) -> int:
        """The number of such moves."""
        return sum(edge.moves(choice) for edge in self.edges)


def read_by(node: Node, freedom: Freedom | None) -> tuple[str | None, ...]:
    """The values that a node reads; behind reshapes where its freedom looks through them."""
    if freedom is None or not freedom.source:
        return node.inputs
    return (freedom.source, *node.inputs[1:])


def model_of(graph: Graph) -> Model:
    """The graph's nodes with their freedoms. Reshapes that others look through and nobody else needs are left out."""
    neighbours = Neighbours.of(graph)
    nodes, freedoms = _needed(graph, [freedom_of(graph, node, neighbours) for node in graph.nodes])
    producers: dict[str, End] = {}
    readers: dict[str, list[End]] = {}
    for index, (node, freedom) in enumerate(zip(nodes, freedoms, strict=True)):
        for place, name in enumerate(node.outputs):
            producers[name] = End(index, None if freedom is None else freedom.outputs.get(place))
        for place, value in enumerate(read_by(node, freedom)):
            if value is not None and value not in graph.constants:
                end = End(index, None if freedom is None else freedom.inputs.get(place))
                readers.setdefault(value, []).append(end)
    edges = tuple(
        Edge(
            value=name,
            bytes=graph.values[name].bytes,
            plain=plain_order(graph.values[name].shape),
            producer=producers.get(name),
            readers=tuple(readers.get(name, ())),
            is_output=name in graph.outputs,
        )
        for name in (*graph.inputs, *producers)
    )
    return Model(tuple(nodes), tuple(freedoms), edges)


def _needed(graph: Graph, freedoms: Sequence[Freedom | None]) -> tuple[list[Node], list[Freedom | None]]:
    needed = set(graph.outputs)
    kept: list[tuple[Node, Freedom | None]] = []
    for node, freedom in reversed(list(zip(graph.nodes, freedoms, strict=True))):
        if node.states or needed.intersection(node.outputs):
            kept.append((node, freedom))
            needed.update(name for name in read_by(node, freedom) if name is not None)
    kept.reverse()
    return [node for node, _ in kept], [freedom for _, freedom in kept]
