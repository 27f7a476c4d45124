# SPDX-License-Identifier: Apache-2.0
"""A graph while a step rewrites it: what a walk adds, and what becomes of the nodes that it meets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import AttrValue, DType, Graph, Node, Quant, Shape, TensorType

Array = npt.NDArray[Any]


class Draft:
    """Values and constants of a graph that a walk may add to, and lists of who makes and reads them.

    Attributes:
        nodes: what the walk has kept or made so far, in the order of the walk.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.makers = graph.producers()
        self.users = graph.users()
        self._values = dict(graph.values)
        self._constants = dict(graph.constants)
        self._numbers: dict[str, int] = {}

    def type_of(self, name: str | None) -> TensorType:
        """The type of a value."""
        return self._values[str(name)]

    def constant_of(self, name: str | None) -> Array | None:
        """The array of a constant, None for others."""
        return None if name is None else self._constants.get(name)

    def value(self, stem: str, kind: TensorType) -> str:
        """A new value."""
        name = stem
        while name in self._values:
            self._numbers[stem] = self._numbers.get(stem, 0) + 1
            name = f"{stem}.{self._numbers[stem]}"
        self._values[name] = kind
        return name

    def constant(self, stem: str, array: Array, quant: Quant | None) -> str:
        """A new constant."""
        name = self.value(stem, TensorType(DType(array.dtype.name), array.shape, quant))
        self._constants[name] = np.array(array)
        return name

    def append(self, node: Node) -> None:
        """Keep or add a node, which now makes its outputs."""
        self.nodes.append(node)
        self.makers.update((output, node) for output in node.outputs)

    def add(
        self,
        op: str,
        inputs: tuple[str | None, ...],
        output: str,
        *,
        source: str,
        attrs: dict[str, AttrValue] | None = None,
    ) -> None:
        """Add a node with one output."""
        self.append(Node(op, inputs, (output,), attrs or {}, (), source))

    def dequantised(self, name: str | None) -> str | None:
        """The integers that a float value is the DEQUANTIZE of, None for other values."""
        maker = None if name is None else self.makers.get(name)
        return str(maker.inputs[0]) if maker is not None and maker.op == "DEQUANTIZE" else None

    def private(self, name: str) -> bool:
        """Whether one node alone reads the value."""
        return len(self.users.get(name, ())) == 1 and name not in self.graph.outputs

    def shaped(self, name: str, shape: Shape) -> TensorType:
        """The element type and quantisation of a value, with another shape."""
        kind = self.type_of(name)
        return TensorType(kind.dtype, shape, kind.quant)

    def finished(self) -> Graph:
        """The graph of the nodes collected, in the order in which they were."""
        return self.graph.replace(
            values=self._values, constants=self._constants, nodes=tuple(self.nodes)
        ).pruned()
