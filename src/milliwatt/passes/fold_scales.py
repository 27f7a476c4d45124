# SPDX-License-Identifier: Apache-2.0
"""Folds a constant scale into the weights of the layer that its data come from, through moves and matrix products.

Attention divides the products of queries and keys by the root of their depth: the projection of the queries can
do that for nothing, also where one layer projects queries, keys and values: only its channels that reach the scale,
and nothing else, are scaled. Which ones these are is found by moving their numbers along.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Call, Numerics, find, signature
from milliwatt.passes.affine import LINEAR, affine_of, is_plain, parameters
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Pass

Array = npt.NDArray[Any]

_DATA_OF_MOVES = {
    "RESHAPE": 0,
    "SLICE": 0,
    "SPLIT": 1,
    "SPLIT_V": 0,
    "STRIDED_SLICE": 0,
    "TRANSPOSE": 0,
    "UNPACK": 0,
}
"""Operators that hand on elements of one input."""

_MOST_STEPS = 16
"""Moves and products between a layer and a scale."""

_MOST_CHANNELS = 1 << 24
"""Channel numbers are moved as float32."""


@dataclass(frozen=True)
class _Reader:
    """A node (None: the graph's outputs) that reads channels of a layer, and the value where it does."""

    node: Node | None
    value: str
    channels: frozenset[int]


class _Search:
    """One graph with its producers and readers."""

    def __init__(self, graph: Graph, numerics: Numerics) -> None:
        self.graph = graph
        self._numerics = numerics
        self._producers, self._users = graph.producers(), graph.users()

    def scaled_layer(
        self, value: str, reader: Node, steps: int = _MOST_STEPS
    ) -> tuple[Node, list[int]] | None:
        """A layer, so many steps away at most, and those of its channels that only the reader's value depends on."""
        layer = self._layer_of(value)
        if layer is not None:
            readers = list(self._readers(layer))
            mine = [entry for entry in readers if entry.node is reader and entry.value == value]
            others = frozenset().union(*(entry.channels for entry in readers if entry not in mine))
            wanted = frozenset().union(*(entry.channels for entry in mine))
            return None if wanted & others else (layer, sorted(wanted))
        product = self._producers.get(value)
        if product is None or not self._alone(value) or steps == 0:
            return None
        if product.op in _DATA_OF_MOVES:
            return self.scaled_layer(str(product.inputs[_DATA_OF_MOVES[product.op]]), product, steps - 1)
        if product.op != "BATCH_MATMUL" or product.inputs[0] == product.inputs[1]:
            return None
        sides = (self.scaled_layer(str(name), product, steps - 1) for name in product.inputs)
        return next((side for side in sides if side is not None), None)

    def _alone(self, value: str) -> bool:
        return len(self._users.get(value, ())) == 1 and value not in self.graph.outputs

    def _layer_of(self, value: str) -> Node | None:
        """The layer whose elements a value holds, its filter its own."""
        node = self._producers.get(value)
        while node is not None and node.op in _DATA_OF_MOVES:
            node = self._producers.get(str(node.inputs[_DATA_OF_MOVES[node.op]]))
        if node is None or parameters(self.graph, node) is None or not is_plain(node):
            return None
        return node if self._alone_filter(node) else None

    def _alone_filter(self, layer: Node) -> bool:
        return self._alone(str(layer.inputs[LINEAR[layer.op].filter]))

    def _readers(self, layer: Node) -> Iterator[_Reader]:
        """Who reads which channels, behind all moves."""
        output = layer.outputs[0]
        shape = self.graph.values[output].shape
        numbers = np.broadcast_to(np.arange(shape[-1], dtype=np.float32), shape)
        waiting = [(output, numbers)] if shape[-1] < _MOST_CHANNELS else []
        while waiting:
            value, held = waiting.pop()
            channels = frozenset(np.unique(held).astype(int).tolist())
            if value in self.graph.outputs:
                yield _Reader(None, value, channels)
            for node in self._users[value]:
                if node.op in _DATA_OF_MOVES and node.inputs[_DATA_OF_MOVES[node.op]] == value:
                    waiting.extend(zip(node.outputs, self._moved(node, held), strict=True))
                else:
                    yield _Reader(node, value, channels)

    def _moved(self, node: Node, held: Array) -> tuple[Array, ...]:
        data = _DATA_OF_MOVES[node.op]
        inputs = [None if name is None else self.graph.constants.get(name) for name in node.inputs]
        inputs[data] = np.ascontiguousarray(held)
        call = Call(signature(self.graph, node), tuple(inputs), self._numerics)
        return find(node.op).evaluate(call)


def _scaled(graph: Graph, layer: Node, channels: list[int], factor: float) -> tuple[Node, dict[str, Array]]:
    """The layer with these channels of filter and bias times the factor, and the new constants."""
    places, inputs = LINEAR[layer.op], list(layer.inputs)
    constants: dict[str, Array] = {}
    for index, axis, word in ((places.filter, places.out_axis, "filter"), (places.bias, 0, "bias")):
        old = inputs[index] if index < len(inputs) else None
        if old is not None:
            array = graph.constants[old].reshape(-1) if word == "bias" else graph.constants[old]
            factors = np.ones(array.shape[axis])
            factors[channels] = factor
            spread = factors.reshape([-1 if place == axis else 1 for place in range(array.ndim)])
            name = graph.fresh(f"{layer.outputs[0]}.scaled_{word}")
            constants[name] = (array * spread).astype(np.float32)
            inputs[index] = name
    return replace(layer, inputs=tuple(inputs)), constants


def _fold_one(graph: Graph, numerics: Numerics) -> Graph:
    """The graph with one scale folded, or the same object."""
    scales = [node for node in graph.nodes if _is_scale(graph, node)]
    if not scales:
        return graph
    search, exact = _Search(graph, numerics), behind_integers(graph)
    for node in scales:
        affine, output = affine_of(graph, node), node.outputs[0]
        if affine is None or output in exact or output in graph.outputs:
            continue
        found = search.scaled_layer(affine.data, node)
        if found is None:
            continue
        layer, channels = found
        scaled, constants = _scaled(graph, layer, channels, float(affine.scale[0]))
        if all(np.isfinite(array).all() for array in constants.values()):
            kept = (scaled if entry is layer else entry for entry in graph.nodes if entry is not node)
            values = {name: TensorType(DType.FLOAT32, array.shape) for name, array in constants.items()}
            return graph.replace(
                nodes=tuple(_renamed(entry, output, affine.data) for entry in kept),
                values={**graph.values, **values},
                constants={**graph.constants, **constants},
            ).pruned()
    return graph


def _is_scale(graph: Graph, node: Node) -> bool:
    """A product with one number, and no activation."""
    affine = affine_of(graph, node) if node.op in ("MUL", "DIV") else None
    return affine is not None and affine.scale.size == 1 and affine.activation == "NONE"


def _renamed(node: Node, old: str, new: str) -> Node:
    return replace(node, inputs=tuple(new if name == old else name for name in node.inputs))


def fold_scales(graph: Graph, numerics: Numerics = Numerics.LITERT) -> Graph:
    """One scale after the other. Results change by rounding alone."""
    while True:
        folded = _fold_one(graph, numerics)
        if folded is graph:
            return graph
        graph = folded


PASS = Pass("fold-scales", 32, "behind fold-affine, which folds what stands beside a layer", fold_scales)
