# SPDX-License-Identifier: Apache-2.0
"""Builds a graph node by node while a model is imported: names values, infers types, carries sources."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.ir import AttrValue, DType, Graph, Node, Quant, Shape, State, TensorType
from milliwatt.ir.naming import unique_names
from milliwatt.ir.verify import findings
from milliwatt.ops import Signature, find
from milliwatt.ops.check import check_node, inferred_shapes

Array = npt.NDArray[Any]

MAX_TENSOR_BYTES = 256 * 2**20
MAX_RANK = 8
MAX_NODES = 50_000

_CHOICES = frozenset(
    {
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "MAXIMUM",
        "MINIMUM",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "SELECT",
        "SELECT_V2",
    }
    | {"GATHER", "GATHER_ND", "RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"}
)
"""Operators whose result means what its data mean, beside those that only move elements."""

_CACHED_BYTES = 256
"""Constants up to this size (permutations, shapes, borders) are kept once."""


class GraphBuilder:
    """Collects inputs, constants and nodes; `graph` returns the finished, checked graph.

    Every method that makes a value returns its name. Types are inferred by the operators' own shape rules.

    Args:
        reserved: names that values made here must not take, since the model's own tensors have them.

    Attributes:
        source: the place in the user's model that the nodes appended from now on come from.
    """

    def __init__(self, *, reserved: Iterable[str] = ()) -> None:
        self.source = ""
        self._reserved = set(reserved)
        self._values: dict[str, TensorType] = {}
        self._constants: dict[str, Array] = {}
        self._small: dict[tuple[str, Shape, bytes, Quant | None], str] = {}
        self._inputs: list[str] = []
        self._nodes: list[Node] = []
        self._states: list[State] = []
        self._maker: dict[str, int] = {}
        self._stems: dict[str, int] = {}

    def input(self, name: str, kind: TensorType) -> str:
        """A new graph input of that name.

        Raises:
            ModelError: there is a value of that name already, or the shape is impossible.
        """
        if name in self._values:
            raise ModelError(f'input "{name}" is defined twice', where=self.source)
        self._define(name, kind)
        self._inputs.append(name)
        return name

    def constant(self, array: Array, *, stem: str = "constant", quant: Quant | None = None) -> str:
        """A constant of the array's own element type. Equal small constants become one value."""
        contents = np.ascontiguousarray(array).reshape(np.shape(array))
        key = (contents.dtype.name, contents.shape, b"", quant)
        if contents.nbytes <= _CACHED_BYTES:
            key = (contents.dtype.name, contents.shape, contents.tobytes(), quant)
            if key in self._small:
                return self._small[key]
        name = self.fresh(stem)
        self._define(name, TensorType(DType(contents.dtype.name), contents.shape, quant))
        self._constants[name] = contents
        if contents.nbytes <= _CACHED_BYTES:
            self._small[key] = name
        return name

    def integers(self, numbers: Iterable[int | tuple[int, ...]], *, stem: str = "constant") -> str:
        """A constant int32 vector or table, for permutations, shapes, axes and paddings.

        Raises:
            UnsupportedError: a number does not fit 32 bits.
        """
        table = np.array(tuple(numbers), object)
        if any(not -(2**31) <= int(number) < 2**31 for number in table.reshape(-1)):
            raise UnsupportedError("a shape, axis or padding is beyond 32 bits", where=self.source)
        return self.constant(table.astype(np.int32), stem=stem)

    def node(
        self,
        op: str,
        inputs: Sequence[str | None],
        attrs: Mapping[str, AttrValue] | None = None,
        *,
        dtype: DType | None = None,
        quant: Quant | None = None,
        stem: str = "",
    ) -> str:
        """Append a node with one output and return its name. See `nodes`."""
        return self.nodes(op, inputs, attrs, dtype=dtype, quant=quant, stem=stem)[0]

    def nodes(
        self,
        op: str,
        inputs: Sequence[str | None],
        attrs: Mapping[str, AttrValue] | None = None,
        *,
        dtype: DType | None = None,
        quant: Quant | None = None,
        stem: str = "",
    ) -> tuple[str, ...]:
        """Append a node; returns the names of its outputs, as many as the operator's shape rule gives.

        Args:
            op: the operator's name.
            inputs: value names; None where an optional input is absent.
            attrs: attributes that differ from their defaults.
            dtype: the outputs' element type; without it that of the first input that is computed.
            quant: the outputs' quantisation; without it that of the data, where the operator only moves or
                chooses elements.
            stem: what the outputs' names begin with.

        Raises:
            ModelError: the inputs do not fit the operator.
            UnsupportedError: there is no such operator, or the result is too large.
        """
        operator = find(op, where=self.source)
        bare = Node(op, tuple(inputs), (), attrs or {}, (), self.source)
        signature = Signature(
            op=op,
            inputs=tuple(None if name is None else self._values[name] for name in inputs),
            outputs=(),
            constants=tuple(None if name is None else self._constants.get(name) for name in inputs),
            attrs=MappingProxyType(operator.filled(bare)),
            source=self.source,
        )
        data = self._data_type(inputs)
        kind = dtype or data.dtype
        if quant is None and data.dtype is kind and (operator.view or operator.moves or op in _CHOICES):
            quant = data.quant
        if len(self._nodes) >= MAX_NODES:
            raise UnsupportedError(f"the model has more than {MAX_NODES:,} operators", where=self.source)
        outputs = []
        for shape in inferred_shapes(operator, signature):
            name = self.fresh(stem or op.lower())
            self._define(name, TensorType(kind, shape, quant))
            self._maker[name] = len(self._nodes)
            outputs.append(name)
        self._nodes.append(replace(bare, outputs=tuple(outputs)))
        return tuple(outputs)

    def state(self, name: str, initial: Array) -> str:
        """A new state variable that holds this array before the first run; returns its name."""
        taken = {state.name for state in self._states}
        unique = unique_names([*taken, name])[-1]
        kind = TensorType(DType(initial.dtype.name), initial.shape)
        self._states.append(State(unique, kind, initial))
        return unique

    def read_state(self, state: str, *, stem: str = "state") -> str:
        """What a state variable holds at this place of the order."""
        kind = next(item.type for item in self._states if item.name == state)
        name = self.fresh(stem)
        self._define(name, kind)
        self._maker[name] = len(self._nodes)
        self._nodes.append(Node("READ_VARIABLE", (None,), (name,), {}, (state,), self.source))
        return name

    def assign_state(self, state: str, value: str) -> None:
        """A state variable takes a value at this place of the order."""
        self._nodes.append(Node("ASSIGN_VARIABLE", (None, value), (), {}, (state,), self.source))

    def type_of(self, name: str) -> TensorType:
        """The type of a value."""
        return self._values[name]

    def shape_of(self, name: str) -> Shape:
        """The shape of a value."""
        return self._values[name].shape

    def constant_of(self, name: str) -> Array | None:
        """The array of a constant, None for a computed value."""
        return self._constants.get(name)

    def producer(self, name: str) -> Node | None:
        """The node that computes a value, None for inputs and constants."""
        number = self._maker.get(name)
        return None if number is None else self._nodes[number]

    def quantised(self, name: str, quant: Quant) -> bool:
        """Say what the integers of a value mean; False where something else has been said before."""
        kind = self._values[name]
        if kind.quant is None:
            self._values[name] = replace(kind, quant=quant)
        return self._values[name].quant == quant

    def rename(self, old: str, new: str) -> str:
        """Give an output of the last node the name that it has in the user's model, and return it."""
        number = self._maker[old]
        if new in self._values or number != len(self._nodes) - 1:
            return old
        node = self._nodes[number]
        self._nodes[number] = replace(
            node, outputs=tuple(new if name == old else name for name in node.outputs)
        )
        self._values[new] = self._values.pop(old)
        self._maker[new] = self._maker.pop(old)
        return new

    def fresh(self, stem: str) -> str:
        """A name that begins with the stem and that neither a value nor the model uses yet."""
        name = stem
        while name in self._values or name in self._reserved:
            self._stems[stem] = self._stems.get(stem, 0) + 1
            name = f"{stem}.{self._stems[stem]}"
        return name

    def graph(self, name: str, outputs: Sequence[str]) -> Graph:
        """The finished graph without what no output needs, verified and with every node supported.

        Raises:
            ModelError: the graph is not sound.
            UnsupportedError: a node is not supported.
        """
        if not outputs:
            raise ModelError("the model has no outputs")
        graph = Graph(
            name=name,
            values=self._values,
            constants=self._constants,
            inputs=tuple(self._inputs),
            outputs=tuple(outputs),
            nodes=self._needed(outputs),
            states=tuple(self._states),
        ).pruned()
        return checked(graph)

    def _needed(self, outputs: Sequence[str]) -> tuple[Node, ...]:
        needed, kept = set(outputs), []
        for node in reversed(self._nodes):
            if needed.intersection(node.outputs) or node.op == "ASSIGN_VARIABLE":
                kept.append(node)
                needed.update(name for name in node.inputs if name is not None)
        return tuple(reversed(kept))

    def _data_type(self, inputs: Sequence[str | None]) -> TensorType:
        present = [name for name in inputs if name is not None]
        computed = [name for name in present if name not in self._constants]
        if not present:
            raise ModelError("an operator has no inputs", where=self.source)
        return self._values[(computed or present)[0]]

    def _define(self, name: str, kind: TensorType) -> None:
        if len(kind.shape) > MAX_RANK or any(extent < 1 for extent in kind.shape):
            raise UnsupportedError(
                f'"{name}" has the shape {list(kind.shape[: MAX_RANK + 1])}; '
                f"tensors have at least one element and at most {MAX_RANK} axes",
                where=self.source,
            )
        if math.prod(kind.shape) * kind.dtype.bytes > MAX_TENSOR_BYTES:
            raise UnsupportedError(
                f'"{name}" of shape {list(kind.shape)} takes more than 256 MiB', where=self.source
            )
        self._values[name] = kind


def checked(graph: Graph) -> Graph:
    """The graph itself, when it is sound and every node is supported.

    Raises:
        ModelError: the graph is not sound.
        UnsupportedError: a node is not supported.
    """
    finding = next(findings(graph), None)
    if finding is not None:
        raise ModelError(finding.message, where=finding.where)
    for node in graph.nodes:
        check_node(graph, node)
    return graph
