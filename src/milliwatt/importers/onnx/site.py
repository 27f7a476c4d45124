# SPDX-License-Identifier: Apache-2.0
"""One ONNX node as its handler sees it: inputs, attributes, and the graph that is being built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.onnx.records import NodeRecord
from milliwatt.importers.quantised.numbers import dequantised
from milliwatt.ir import DType, Shape

Array = npt.NDArray[Any]

Result = str | Array | None
"""A value of the graph, a constant, or nothing for an output that nobody can read."""

_STORED = {
    "float64": "float32",
    "float16": "float32",
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
}
"""How element types that the IR lacks are stored."""


def stored_type(dtype: np.dtype[Any]) -> DType:
    """The element type that holds this one's numbers in the graph."""
    return DType(_STORED.get(dtype.name, dtype.name))


@dataclass
class Scope:
    """The tensors that are known so far, by their names in the model: constants, and values of the graph."""

    build: GraphBuilder
    constants: dict[str, Array] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    """Graph constants that hold a constant of the model."""


@dataclass(frozen=True)
class Site:
    """See the module.

    Attributes:
        node: the node.
        where: the node in words.
        opset: version of the operator set that the node's domain has in the file.
        scope: the tensors known so far.
    """

    node: NodeRecord
    where: str
    opset: int
    scope: Scope

    @property
    def build(self) -> GraphBuilder:
        """The graph that is being built."""
        return self.scope.build

    def with_inputs(self, *values: str) -> Site:
        """The same node on other values of the graph."""
        names = tuple(f"input {index}" for index in range(len(values)))
        scope = Scope(self.scope.build, {}, dict(zip(names, values, strict=True)), {})
        return replace(self, node=replace(self.node, inputs=names), scope=scope)

    def has(self, index: int) -> bool:
        """Whether the optional input is given."""
        return index < len(self.node.inputs) and bool(self.node.inputs[index])

    def value(self, index: int) -> str:
        """An input as a value of the graph; a constant of the model is put there."""
        return self.named(self._name(index))

    def values(self) -> list[str]:
        """All inputs as values of the graph."""
        return [self.value(index) for index in range(len(self.node.inputs))]

    def optional(self, index: int) -> str | None:
        """An input as a value of the graph, None where it is absent."""
        return self.value(index) if self.has(index) else None

    def named(self, name: str) -> str:
        """The tensor of that name as a value of the graph."""
        scope = self.scope
        if name in scope.values:
            return scope.values[name]
        if name not in scope.constants:
            raise ModelError(f'the tensor "{name}" is read before it is made', where=self.where)
        if name not in scope.stored:
            array = scope.constants[name]
            kind = stored_type(array.dtype)
            scope.stored[name] = scope.build.constant(array.astype(kind.numpy), stem=name)
        return scope.stored[name]

    def constant(self, index: int) -> Array | None:
        """The array of an input that is a constant of the model, None where it is computed or absent."""
        return self.scope.constants.get(self.node.inputs[index]) if self.has(index) else None

    def known(self, index: int, what: str) -> Array:
        """The array of an input that must be constant.

        Raises:
            UnsupportedError: it is computed.
        """
        array = self.constant(index)
        if array is None:
            self._name(index)
            raise self.refusal(f"{self.node.op} needs its {what} as a constant of the model")
        return array

    def known_integers(self, index: int, what: str) -> tuple[int, ...]:
        """The numbers of a constant input, flattened."""
        array = self.known(index, what)
        if array.dtype.kind not in "iu" or array.size > 4096:
            raise ModelError(f"the {what} of {self.node.op} is no short list of integers", where=self.where)
        return tuple(int(number) for number in array.reshape(-1))

    def known_floats(self, index: int, what: str) -> Array:
        """The numbers of a constant input as float32, also where it stands behind a DequantizeLinear.

        Raises:
            UnsupportedError: it is computed.
        """
        maker = None if self.constant(index) is not None else self.build.producer(self.value(index))
        if maker is not None and maker.op == "DEQUANTIZE":
            integers = self.build.constant_of(str(maker.inputs[0]))
            quant = self.build.type_of(str(maker.inputs[0])).quant
            if integers is not None and quant is not None:
                return dequantised(integers, quant)
        return self.known(index, what).astype(np.float32)

    def shape(self, index: int) -> Shape:
        """The shape of an input."""
        array = self.constant(index)
        return array.shape if array is not None else self.build.shape_of(self.value(index))

    def dtype(self, index: int) -> DType:
        """The element type of an input in the graph."""
        array = self.constant(index)
        return stored_type(array.dtype) if array is not None else self.build.type_of(self.value(index)).dtype

    def integer(self, name: str, default: int) -> int:
        """An attribute that is a number."""
        return int(self._attribute(name, default, int))

    def number(self, name: str, default: float) -> float:
        """An attribute that is a float, as float32 holds it."""
        return float(np.float32(self._attribute(name, default, float, int)))

    def text(self, name: str, default: str) -> str:
        """An attribute that is a word."""
        return str(self._attribute(name, default, str))

    def integers(self, name: str) -> tuple[int, ...] | None:
        """An attribute that is a list of numbers, None where it is absent."""
        found = self._attribute(name, None, tuple)
        if found is None:
            return None
        if not all(isinstance(number, int) for number in found):
            raise self._wrong(name)
        return tuple(found)

    def refusal(self, message: str, hint: str = "") -> UnsupportedError:
        """An error that names this node and the operator set."""
        domain = self.node.domain or "ai.onnx"
        return UnsupportedError(message, where=f"{self.where} ({domain} opset {self.opset})", hint=hint)

    def damage(self, message: str) -> ModelError:
        """An error for a node that breaks ONNX's own rules."""
        return ModelError(message, where=self.where)

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front.

        Raises:
            ModelError: there is no such axis.
        """
        if not -rank <= axis < rank:
            raise self.damage(f"{self.node.op} names the axis {axis} of a tensor of {rank} axes")
        return axis % rank

    def _attribute(self, name: str, default: Any, *kinds: type) -> Any:
        found = self.node.attributes.get(name)
        if found is None:
            return default
        if not isinstance(found, kinds):
            raise self._wrong(name)
        return found

    def _wrong(self, name: str) -> ModelError:
        return self.damage(f"the attribute {name} of {self.node.op} is of a wrong kind")

    def _name(self, index: int) -> str:
        if not self.has(index):
            raise self.damage(f"{self.node.op} lacks its input {index}")
        return self.node.inputs[index]


Handler = Callable[[Site], "Result | tuple[Result, ...]"]
Handlers = Mapping[str, Handler]
