# SPDX-License-Identifier: Apache-2.0
"""The choice of orders that moves the fewest bytes.

Candidates come from the borders: the order that a convolution reads is carried through all nodes that can keep it.
Two choices are joined by a minimum cut, which takes for each node the order of one or of the other so that the
bytes moved between nodes are fewest. For graphs with two layouts, channels first and channels last, that is the
optimum; with more, choices are joined until nothing improves ("fusion moves").

Source: Boykov, Veksler and Zabih, "Fast Approximate Energy Minimization via Graph Cuts", PAMI 2001; Lempitsky et
al., "Fusion Moves for Markov Random Field Optimization", PAMI 2010.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from milliwatt.passes.layout.freedom import Order
from milliwatt.passes.layout.min_cut import SINK, SOURCE, Network
from milliwatt.passes.layout.model import Choice, Edge, End, Model

_LARGEST_FAMILIES = 8
"""Candidates that are tried; more only arise where many different orders meet."""

Carried = dict[int, Order]
"""The orders of some nodes."""


@dataclass(frozen=True)
class Objective:
    """Fewest bytes first, then fewest moves, then the most nodes in the order of the operators around them.

    The last lets activations, sums and paddings stand beside the convolution that they can be fused with.

    Attributes:
        model: the graph.
        preferred: the order that the neighbouring operators of a node ask for, where they agree.
    """

    model: Model
    preferred: Carried

    def cost(self, choice: Choice) -> int:
        """The smaller the better."""
        unlike = sum(choice[index] != order for index, order in self.preferred.items())
        return self.model.moved_bytes(choice) * self.byte + self.model.moves(choice) * self.move + unlike

    @property
    def move(self) -> int:
        """What a move costs: more than all preferences together."""
        return len(self.model.nodes) + 1

    @property
    def byte(self) -> int:
        """What a moved byte costs: more than all moves together, of which a reader causes one at most."""
        readers = sum(len(edge.readers) + 1 for edge in self.model.edges)
        return self.move * (readers + 1)


def best_choice(model: Model) -> Choice | None:
    """The best choice that was found, or None where nothing is better than the orders of the graph."""
    objective = Objective(model, preferences(model))
    families = candidates(model)
    best = model.plain
    starts = [fused(objective, left, right) for left, right in combinations(families[:3], 2)]
    tried = [*starts, *families]
    improved = True
    while improved:
        improved = False
        for other in tried:
            joined = fused(objective, best, other)
            if objective.cost(joined) < objective.cost(best):
                best, improved = joined, True
    return None if best == model.plain else best


def preferences(model: Model) -> Carried:
    """The orders that fixed operators ask for, of nodes that can follow and about which they agree."""
    preferred: Carried = {}
    unclear: set[int] = set()
    for family in _families(model, list(_borders(model, of_operators=True))):
        for index, order in family.items():
            freedom = model.freedoms[index]
            if preferred.setdefault(index, order) != order or freedom is None or freedom.view:
                unclear.add(index)
    return {index: order for index, order in preferred.items() if index not in unclear}


def candidates(model: Model) -> list[Choice]:
    """Choices in which neighbouring nodes agree as far as possible, the one with the most nodes first."""
    families = _families(model, [*_borders(model, of_operators=True), *_borders(model, of_operators=False)])
    families.sort(key=len, reverse=True)
    choices = [_complete(model, family) for family in families[:_LARGEST_FAMILIES]]
    together: Carried = {}
    for family in families:
        together = {**family, **together}
    return list(dict.fromkeys([*choices, _complete(model, together)]))


def _families(model: Model, borders: list[tuple[Edge, list[End]]]) -> list[Carried]:
    """The orders carried from the borders, those that agree taken together."""
    at_node = _edges_by_node(model)
    families: list[Carried] = []
    for edge, ends in borders:
        seed = {end.node: order for end in ends for order in _lifted(model, end, edge.plain)}
        if not seed or any(family.items() >= seed.items() for family in families):
            continue
        carried = _carried(model, at_node, seed)
        fitting = next((family for family in families if _agree(family, carried)), None)
        if fitting is None:
            families.append(carried)
        else:
            fitting.update(carried)
    return families


def _complete(model: Model, carried: Carried) -> Choice:
    return tuple(carried.get(index, order) for index, order in enumerate(model.plain))


def _agree(family: Carried, carried: Carried) -> bool:
    return all(family.get(index, order) == order for index, order in carried.items())


def _ends(edge: Edge) -> tuple[End, ...]:
    return edge.readers if edge.producer is None else (edge.producer, *edge.readers)


def _edges_by_node(model: Model) -> dict[int, list[Edge]]:
    found: dict[int, list[Edge]] = {}
    for edge in model.edges:
        for index in dict.fromkeys(end.node for end in _ends(edge)):
            found.setdefault(index, []).append(edge)
    return found


def _borders(model: Model, *, of_operators: bool) -> Iterator[tuple[Edge, list[End]]]:
    """Values whose plain order alone an operator, or else the graph's caller, knows, with the free nodes there."""
    for edge in model.edges:
        ends = _ends(edge)
        by_operator = any(end.operand is None for end in ends)
        by_caller = edge.producer is None or edge.is_output
        if (by_operator if of_operators else by_caller) and len(edge.plain) > 1:
            yield edge, [end for end in ends if end.operand is not None]


def _lifted(model: Model, end: End, order: Order) -> list[Order]:
    freedom = model.freedoms[end.node]
    axes = None if freedom is None or end.operand is None else freedom.lifted(end.operand, order)
    return [] if axes is None else [axes]


def _carried(model: Model, at_node: dict[int, list[Edge]], seed: Carried) -> Carried:
    """The orders of the seed and of all nodes that can keep them, breadth first."""
    carried = dict(seed)
    queue = deque(seed)
    while queue:
        index = queue.popleft()
        axes = carried[index]
        for edge in at_node[index]:
            orders = {end.operand.order(axes) for end in _ends(edge) if end.node == index and end.operand}
            for end in _ends(edge):
                for order in orders:
                    for found in _lifted(model, end, order) if end.node not in carried else ():
                        carried[end.node] = found
                        queue.append(end.node)
    return carried


def fused(objective: Objective, zero: Choice, one: Choice) -> Choice:
    """For each node the order of ``zero`` or of ``one``, so that the cost is least; ``zero`` where both are alike.

    Where a value may be read in either order by different nodes its cost is bounded from above, so the result may
    be worse than the optimum; the caller compares.
    """
    network = Network()
    vertices = {
        index: network.vertex()
        for index, pair in enumerate(zip(zero, one, strict=True))
        if pair[0] != pair[1]
    }
    for edge in objective.model.edges:
        cost = edge.bytes * objective.byte + objective.move
        _add(network, vertices, edge, choices=(zero, one), cost=cost)
    for index, vertex in vertices.items():
        preferred = objective.preferred.get(index)
        if preferred == one[index]:
            network.arc(SOURCE, vertex, 1)
        elif preferred == zero[index]:
            network.arc(vertex, SINK, 1)
    side = network.source_side()
    return tuple(
        new if index in vertices and vertices[index] in side else old
        for index, (old, new) in enumerate(zip(zero, one, strict=True))
    )


def _add(
    network: Network, vertices: dict[int, int], edge: Edge, *, choices: tuple[Choice, Choice], cost: int
) -> None:
    """One value's cost, for every order that somebody wants and its producer does not give.

    A node's vertex is on the source's side when the node takes the order of choice 1.
    """
    given = tuple(edge.given(choice) for choice in choices)
    old, new = choices
    wanted = [(end.node, end.order(old, edge.plain), end.order(new, edge.plain)) for end in edge.readers]
    if edge.is_output:
        wanted.append((-1, edge.plain, edge.plain))
    for order in dict.fromkeys(found for entry in wanted for found in entry[1:]):
        if given == (order, order):
            continue
        maker = SINK
        if edge.producer is not None and order in given:
            maker = vertices[edge.producer.node]
        _add_order(
            network,
            vertices,
            _Want(cost, maker, given.index(order) if order in given else None),
            [(node, before == order, after == order) for node, before, after in wanted],
        )


@dataclass(frozen=True)
class _Want:
    """An order that has a cost when it is wanted and its maker does not give it.

    ``gives`` is the choice in which the maker gives it, None if in neither.
    """

    cost: int
    maker: int
    gives: int | None


def _add_order(
    network: Network, vertices: dict[int, int], want: _Want, readers: list[tuple[int, bool, bool]]
) -> None:
    unbounded = 1 << 120
    if any(old and new for _, old, new in readers):
        if want.gives == 1:
            network.arc(SOURCE, want.maker, want.cost)
        elif want.gives == 0:
            network.arc(want.maker, SINK, want.cost)
        return
    with_one = [vertices[node] for node, _, new in readers if new]
    with_zero = [vertices[node] for node, old, _ in readers if old]
    if with_one:
        wants = network.vertex()
        for reader in with_one:
            network.arc(reader, wants, unbounded)
        network.arc(wants, want.maker if want.gives == 1 else SINK, want.cost)
    if with_zero:
        wants = network.vertex()
        for reader in with_zero:
            network.arc(wants, reader, unbounded)
        network.arc(want.maker if want.gives == 0 else SOURCE, wants, want.cost)
