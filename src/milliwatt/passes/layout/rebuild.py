# SPDX-License-Identifier: Apache-2.0
"""The graph in a choice of orders, with a TRANSPOSE where a value is read in another order than it is made in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, Shape, TensorType
from milliwatt.passes.layout.freedom import Freedom, Order, Permutation, plain_order, whole_permutation
from milliwatt.passes.layout.model import Choice, Model

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Stored:
    """A value of the old graph as it lies in the new one: its order, the new name and the shape there."""

    order: Order
    name: str
    shape: Shape


class _Rebuild:
    """Collects the nodes, values and constants of the new graph."""

    def __init__(self, graph: Graph) -> None:
        self._old = graph
        self.nodes: list[Node] = []
        self.values: dict[str, TensorType] = {}
        self.constants: dict[str, Array] = dict(graph.constants)
        for name in (*graph.inputs, *graph.constants):
            self.values[name] = graph.values[name]
        self._made: dict[str, _Stored] = {}
        self._moved: dict[tuple[str, Order], _Stored] = {}
        self._shaped: dict[tuple[str, Shape], str] = {}
        self._constants: dict[tuple[str, Order, Shape], str] = {}
        for name in graph.inputs:
            shape = graph.values[name].shape
            self._made[name] = _Stored(plain_order(shape), name, shape)

    def fresh(self, stem: str) -> str:
        """A name that neither graph has."""
        name, number = stem, 0
        while name in self.values or name in self._old.values:
            number += 1
            name = f"{stem}.{number}"
        return name

    def constant(self, stem: str, array: Array, like: TensorType | None = None) -> str:
        """A new constant, quantised like another."""
        name = self.fresh(stem)
        kind = DType(array.dtype.name)
        self.values[name] = TensorType(kind, tuple(array.shape), None if like is None else like.quant)
        self.constants[name] = array
        return name

    def fetch(self, value: str, order: Order, shape: Shape) -> str:
        """The name under which a value lies in this order, with this shape."""
        if value in self._old.constants:
            return self._fetch_constant(value, order, shape)
        return self._reshaped(self._in_order(value, order), shape)

    def fetch_any_shape(self, value: str, order: Order) -> str:
        """The name under which a value that is not constant lies in this order, with whatever shape."""
        return self._in_order(value, order).name

    def _in_order(self, value: str, order: Order) -> _Stored:
        stored = self._made[value]
        if stored.order == order:
            return stored
        return self._moved.get((value, order)) or self._move(value, order)

    def _fetch_constant(self, value: str, order: Order, shape: Shape) -> str:
        array, kind = self._old.constants[value], self._old.values[value]
        if order == plain_order(kind.shape) and shape == kind.shape:
            return value
        key = (value, order, shape)
        if key not in self._constants:
            axes = whole_permutation(order, array.ndim)
            self._constants[key] = self.constant(value, np.transpose(array, axes).reshape(shape), kind)
        return self._constants[key]

    def _move(self, value: str, order: Order) -> _Stored:
        """Append the TRANSPOSE that brings a value from the order it is made in to another."""
        kind, stored = self._old.values[value], self._made[value]
        rank = len(kind.shape)
        before, after = whole_permutation(stored.order, rank), whole_permutation(order, rank)
        source = self._reshaped(stored, tuple(kind.shape[axis] for axis in before))
        permutation = np.array([before.index(axis) for axis in after], np.int32)
        shape = tuple(kind.shape[axis] for axis in after)
        is_plain = order == plain_order(kind.shape)
        name = value if is_plain and value not in self.values else self.fresh(f"{value}.moved")
        table = self.constant(f"{name}.permutation", permutation)
        self.values[name] = TensorType(kind.dtype, shape, kind.quant)
        self.nodes.append(Node("TRANSPOSE", (source, table), (name,), {}, (), f"order of {value}"))
        self._moved[value, order] = _Stored(order, name, shape)
        return self._moved[value, order]

    def _reshaped(self, stored: _Stored, shape: Shape) -> str:
        if stored.shape == shape:
            return stored.name
        key = (stored.name, shape)
        if key not in self._shaped:
            kind = self.values[stored.name]
            name = self.fresh(f"{stored.name}.view")
            self.values[name] = TensorType(kind.dtype, shape, kind.quant)
            self.nodes.append(
                Node("RESHAPE", (stored.name,), (name,), {"new_shape": shape}, (), f"shape of {stored.name}")
            )
            self._shaped[key] = name
        return self._shaped[key]

    def make(self, value: str, order: Order, shape: Shape) -> str:
        """Register an output of a node that is about to be appended; returns its name."""
        plain = order == plain_order(self._old.values[value].shape)
        unlike = value in self._old.outputs and not (plain and shape == self._old.values[value].shape)
        name = self.fresh(f"{value}.stored") if unlike else value
        kind = self._old.values[value]
        self.values[name] = TensorType(kind.dtype, shape, kind.quant)
        self._made[value] = _Stored(order, name, shape)
        return name

    def alias(self, value: str, order: Order, source: str) -> None:
        """Register a value whose bytes are those of another."""
        self._made[value] = _Stored(order, source, self.values[source].shape)

    def finish(self, value: str) -> None:
        """Make sure that a graph output has its own name, order and shape."""
        kind = self._old.values[value]
        name = self.fetch(value, plain_order(kind.shape), kind.shape)
        if name == value:
            return
        self.values[value] = kind
        attrs = {"new_shape": kind.shape}
        self.nodes.append(Node("RESHAPE", (name,), (value,), attrs, (), f"shape of {value}"))


def rebuilt(graph: Graph, model: Model, choice: Choice) -> Graph:
    """The same graph with every node in its chosen order. Inputs and outputs keep names and shapes."""
    build = _Rebuild(graph)
    for node, freedom, axes in zip(model.nodes, model.freedoms, choice, strict=True):
        if freedom is None or axes is None:
            _append_fixed(graph, build, node)
        elif freedom.view:
            _append_view(graph, build, node, freedom, axes)
        else:
            _append_free(graph, build, node, freedom, axes)
    for name in graph.outputs:
        if name not in graph.constants and name not in graph.inputs:
            build.finish(name)
    return graph.replace(nodes=tuple(build.nodes), values=build.values, constants=build.constants).pruned()


def _plainly(graph: Graph, build: _Rebuild, value: str | None) -> str | None:
    if value is None:
        return None
    shape = graph.values[value].shape
    return build.fetch(value, plain_order(shape), shape)


def _append_fixed(graph: Graph, build: _Rebuild, node: Node) -> None:
    inputs = tuple(_plainly(graph, build, value) for value in node.inputs)
    outputs = []
    for value in node.outputs:
        shape = graph.values[value].shape
        outputs.append(build.make(value, plain_order(shape), shape))
    build.nodes.append(Node(node.op, inputs, tuple(outputs), node.attrs, node.states, node.source))


def _append_view(graph: Graph, build: _Rebuild, node: Node, freedom: Freedom, axes: Order) -> None:
    """The output is the input's bytes; a shape is given to it when somebody reads it."""
    value, order = str(node.inputs[0]), freedom.inputs[0].order(axes)
    if value in graph.constants:
        _append_fixed(graph, build, node)
        return
    stored = build.fetch_any_shape(value, order)
    build.alias(node.outputs[0], freedom.outputs[0].order(axes), stored)


def _append_free(graph: Graph, build: _Rebuild, node: Node, freedom: Freedom, axes: Order) -> None:
    permutation = whole_permutation(axes, freedom.rank)
    plain = permutation == tuple(range(freedom.rank))
    inputs: list[str | None] = [
        _read(graph, build, node, index, (freedom, axes, permutation)) for index in range(len(node.inputs))
    ]
    attrs: Mapping[str, Any] = node.attrs
    if not plain:
        parts = freedom.parts(permutation)
        attrs = {**node.attrs, **parts.attrs}
        for index, array in parts.constants.items():
            old = str(node.inputs[index])
            inputs[index] = build.constant(f"{node.outputs[0]}.{index}", array, graph.values[old])
    outputs = []
    for index, value in enumerate(node.outputs):
        operand, shape = freedom.outputs.get(index), graph.values[value].shape
        if operand is None or plain:
            outputs.append(build.make(value, plain_order(shape), shape))
        else:
            outputs.append(build.make(value, operand.order(axes), operand.placed(permutation)))
    build.nodes.append(Node(node.op, tuple(inputs), tuple(outputs), attrs, node.states, node.source))


def _read(
    graph: Graph, build: _Rebuild, node: Node, index: int, chosen: tuple[Freedom, Order, Permutation]
) -> str | None:
    """An input of a free node, in its order and shape."""
    freedom, axes, permutation = chosen
    value, operand = node.inputs[index], freedom.inputs.get(index)
    if value is None or operand is None:
        return _plainly(graph, build, value)
    shape = graph.values[value].shape
    if index == 0 and freedom.source:
        return build.fetch(freedom.source, operand.order(axes), shape)
    plain = permutation == tuple(range(freedom.rank))
    return build.fetch(value, operand.order(axes), shape if plain else operand.placed(permutation))
