# SPDX-License-Identifier: Apache-2.0
"""A matcher for what exporters decompose: declarative patterns over float operators, and rules that replace them.

A pattern is a tree of `Op`, `Product`, `Plus`, `Scalar`, `Vector`, `Any` and `Either`. Operands of commutative
operators are tried in both orders. A rule replaces the node at the root when nobody else reads what the nodes
inside compute, so that nothing is computed twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any as AnyValue

import numpy as np
import numpy.typing as npt

from milliwatt.ir import AttrValue, DType, Graph, Node, TensorType
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Change, rewrite

Array = npt.NDArray[AnyValue]

COMMUTATIVE = frozenset({"ADD", "MUL", "MAXIMUM", "MINIMUM"})
_MOST_NODES = 16
"""The nodes of a match behind which products are not opened: no exporter writes that many."""
TOLERANCE = 2e-6
"""How far a constant may be from the one in a pattern, relatively: exporters write float32."""


@dataclass(frozen=True)
class Any:
    """Any value; two of one name are the same value."""

    name: str


@dataclass(frozen=True)
class Scalar:
    """A constant whose elements are all one number: the given one, or any, which is kept under the name."""

    value: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Vector:
    """A constant, kept under the name; two of one name are the same."""

    name: str


class Op:
    """A float operator without fused activation.

    Args:
        ops: its name, or several.
        operands: patterns of its inputs, all of them.
        name: under which the node is kept.
        activation: the fused activation that it must have.
    """

    def __init__(
        self, ops: str | tuple[str, ...], *operands: Pattern, name: str = "", activation: str = "NONE"
    ) -> None:
        self.ops = (ops,) if isinstance(ops, str) else ops
        self.operands = operands
        self.name = name
        self.activation = activation


class Product:
    """A number times one or more values, however MUL and DIV associate them."""

    def __init__(self, number: float, *factors: Pattern, name: str = "") -> None:
        self.number = number
        self.factors = factors
        self.name = name


class Plus:
    """A value plus a number, by ADD or SUB; without a number any, which is kept under the name."""

    def __init__(self, operand: Pattern, number: float | None = None, name: str = "") -> None:
        self.operand = operand
        self.number = number
        self.name = name


class Either:
    """One of several patterns."""

    def __init__(self, *patterns: Pattern) -> None:
        self.patterns = patterns


Pattern = Any | Scalar | Vector | Op | Product | Plus | Either


@dataclass(frozen=True)
class Match:
    """What was found: values, numbers and nodes by name, and the outputs of all nodes of the pattern."""

    values: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    inside: tuple[Node, ...] = ()

    def having(self, node: Node, name: str = "") -> Match:
        """With one more node."""
        named = {**self.nodes, name: node} if name else self.nodes
        return replace(self, nodes=named, inside=(*self.inside, node))


@dataclass(frozen=True)
class Replacement:
    """The operator that stands for a pattern. ``constants`` are new inputs by the names used in ``inputs``."""

    op: str
    inputs: tuple[str | None, ...]
    attrs: Mapping[str, AttrValue] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A pattern, and what stands for it: None where the match is not what it seems.

    ``exact`` rules keep every bit and are applied where integers depend on the result, too.
    """

    pattern: Pattern
    build: Callable[[Graph, Match], Replacement | None]
    exact: bool = False


class Matcher:
    """Finds patterns in one graph."""

    def __init__(self, graph: Graph, producers: Mapping[str, Node]) -> None:
        self._graph = graph
        self._producers = producers

    def matches(self, pattern: Pattern, value: str, match: Match) -> Iterator[Match]:
        """All ways in which a value is what the pattern says."""
        match pattern:
            case Any():
                yield from self._any(pattern, value, match)
            case Scalar():
                yield from self._scalar(pattern, value, match)
            case Vector():
                if value in self._graph.constants and match.values.get(pattern.name, value) == value:
                    yield replace(match, values={**match.values, pattern.name: value})
            case Op():
                yield from self._op(pattern, value, match)
            case Product():
                yield from self._product(pattern, value, match)
            case Plus():
                yield from self._plus(pattern, value, match)
            case Either():
                for option in pattern.patterns:
                    yield from self.matches(option, value, match)

    def number(self, value: str) -> float | None:
        """The number that all elements of a float constant are."""
        array = self._graph.constants.get(value)
        if array is None or array.dtype != np.float32 or not array.size:
            return None
        first = array.reshape(-1)[0]
        return float(first) if (array == first).all() else None

    def _node(self, value: str, ops: Sequence[str], activation: str = "NONE") -> Node | None:
        node = self._producers.get(value)
        if node is None or node.op not in ops:
            return None
        return node if node.attrs.get("fused_activation_function", "NONE") == activation else None

    def _any(self, pattern: Any, value: str, match: Match) -> Iterator[Match]:
        if match.values.get(pattern.name, value) == value and value not in self._graph.constants:
            yield replace(match, values={**match.values, pattern.name: value})

    def _scalar(self, pattern: Scalar, value: str, match: Match) -> Iterator[Match]:
        number = self.number(value)
        if number is None or (pattern.value is not None and not close(number, pattern.value)):
            return
        yield replace(match, numbers={**match.numbers, pattern.name: number})

    def _op(self, pattern: Op, value: str, match: Match) -> Iterator[Match]:
        node = self._node(value, pattern.ops, pattern.activation)
        given = [] if node is None else [name for name in node.inputs if name is not None]
        if node is None or len(given) != len(pattern.operands):
            return
        orders = [given, given[::-1]] if node.op in COMMUTATIVE and given[0] != given[1] else [given]
        for order in orders:
            yield from self._all(pattern.operands, order, match.having(node, pattern.name))

    def _all(self, patterns: Sequence[Pattern], values: Sequence[str], match: Match) -> Iterator[Match]:
        if not patterns:
            yield match
            return
        for found in self.matches(patterns[0], values[0], match):
            yield from self._all(patterns[1:], values[1:], found)

    def _product(self, pattern: Product, value: str, match: Match) -> Iterator[Match]:
        for number, factors, found in self._factors(value, len(pattern.factors), match):
            if len(factors) == len(pattern.factors) and close(number, pattern.number):
                for order in _orders(factors):
                    yield from self._all(pattern.factors, order, found)

    def _factors(self, value: str, most: int, match: Match) -> Iterator[tuple[float, tuple[str, ...], Match]]:
        """The value as a number times at most so many factors, in all ways of opening products."""
        yield 1.0, (value,), match
        node = self._node(value, ("MUL", "DIV", "NEG", "SQUARE"))
        if node is None or len(match.inside) >= _MOST_NODES:
            return
        left = str(node.inputs[0])
        if node.op == "NEG":
            for number, factors, found in self._factors(left, most, match.having(node)):
                yield -number, factors, found
            return
        if node.op == "SQUARE":
            if most > 1:
                for number, factors, found in self._factors(left, most // 2, match.having(node)):
                    yield number * number, (*factors, *factors), found
            return
        right = str(node.inputs[1])
        for place, other in ((right, left), (left, right)):
            constant = self.number(place)
            if constant is not None and (node.op == "MUL" or (place == right and constant != 0)):
                scale = constant if node.op == "MUL" else 1.0 / constant
                for number, factors, found in self._factors(other, most, match.having(node)):
                    yield number * scale, factors, found
                return
        if node.op == "MUL" and most > 1:
            for first, some, found in self._factors(left, most - 1, match.having(node)):
                for second, others, both in self._factors(right, most - len(some), found):
                    yield first * second, (*some, *others), both

    def _plus(self, pattern: Plus, value: str, match: Match) -> Iterator[Match]:
        node = self._node(value, ("ADD", "SUB"))
        if node is None:
            return
        sides = [str(name) for name in node.inputs]
        for place in (1, 0):
            number = self.number(sides[place])
            if number is None or (node.op == "SUB" and place == 0):
                continue
            number = -number if node.op == "SUB" else number
            if pattern.number is None or close(number, pattern.number):
                found = replace(match.having(node), numbers={**match.numbers, pattern.name: number})
                yield from self.matches(pattern.operand, sides[1 - place], found)


def _orders(factors: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """All orders; of one factor, one."""
    if len(factors) < 2:
        yield factors
        return
    for index, factor in enumerate(factors):
        for rest in _orders(factors[:index] + factors[index + 1 :]):
            yield (factor, *rest)


def close(number: float, wanted: float) -> bool:
    """Whether two constants are the same but for the rounding of an exporter."""
    return math.isclose(number, wanted, rel_tol=TOLERANCE)


def apply_rules(graph: Graph, rules: Sequence[Rule]) -> Graph:
    """The graph with every match replaced, in one walk; of two rules that match the first is applied."""
    producers, users, exact = graph.producers(), graph.users(), behind_integers(graph)
    outputs = set(graph.outputs)

    def private(match: Match, root: Node) -> bool:
        inside = {name for node in match.inside for name in node.outputs} - set(root.outputs)
        readers = [user.outputs for name in inside for user in users[name]]
        return not inside & outputs and all(set(names) <= inside | set(root.outputs) for names in readers)

    def visit(current: Graph, node: Node) -> Change | None:
        if len(node.outputs) != 1:
            return None
        if current.values[node.outputs[0]].dtype is not DType.FLOAT32:
            return None
        matcher = Matcher(current, producers)
        rounds = not exact.intersection(node.outputs)
        for rule in rules if rounds else [rule for rule in rules if rule.exact]:
            for match in matcher.matches(rule.pattern, node.outputs[0], Match()):
                found = rule.build(current, match) if private(match, node) else None
                if found is not None:
                    change = _change(current, node, found, match)
                    producers[node.outputs[0]] = change.nodes[0]
                    return change
        return None

    return rewrite(graph, visit)


def _change(graph: Graph, node: Node, found: Replacement, match: Match) -> Change:
    names = {name: graph.fresh(f"{node.outputs[0]}.{name}") for name in found.constants}
    inputs = tuple(names.get(name, name) if name is not None else None for name in found.inputs)
    sources = dict.fromkeys(entry.source for entry in reversed(match.inside) if entry.source)
    source = node.source if len(sources) > 3 else " + ".join(sources)
    constants = {names[name]: array for name, array in found.constants.items()}
    return Change(
        nodes=(Node(found.op, inputs, node.outputs, found.attrs, (), source),),
        constants=constants,
        values={name: TensorType(DType(array.dtype.name), array.shape) for name, array in constants.items()},
    )
