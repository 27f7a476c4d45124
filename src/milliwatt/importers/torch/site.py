# SPDX-License-Identifier: Apache-2.0
"""One node of an exported program while it is translated: its arguments by name, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers import moving
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.torch.element_types import array_of, element_type
from milliwatt.importers.torch.framework import torch
from milliwatt.ir import AttrValue, DType, Shape

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Constant:
    """A tensor that is known when the model is imported; it becomes a value where a node needs one.

    Attributes:
        tensor: the torch.Tensor.
        name: its name in the user's module.
    """

    tensor: Any
    name: str


Meaning = str | tuple["Meaning", ...] | Constant | None
"""What a node of the program has become: a value, several, a constant, or nothing (an output without use)."""

Result = str | tuple[str | None, ...]
"""What a translation returns."""


class Site:
    """A node, its arguments and the graph under construction.

    Args:
        build: the graph under construction; its ``source`` is the node's place.
        node: the node of the program, with an operator of ATen as its target.
        meanings: what all nodes before it have become.
    """

    def __init__(
        self,
        build: GraphBuilder,
        node: Any,
        meanings: MutableMapping[Any, Meaning],
    ) -> None:
        self.build = build
        self.node = node
        self.meanings = meanings
        self.arguments: Mapping[str, Any] = bound_arguments(node)

    @property
    def where(self) -> str:
        """The node's place in the user's model."""
        return self.build.source

    def unsupported(self, message: str, *, hint: str = "") -> UnsupportedError:
        """The error that says what of this node is not supported."""
        return UnsupportedError(f"{self.node.target}: {message}", where=self.where, hint=hint)

    # Arguments ---------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether an optional argument is given."""
        return self.arguments.get(name) is not None

    def integer(self, name: str) -> int:
        """An argument that is one integer."""
        value = self.arguments[name]
        if type(value) is not int:
            raise self.unsupported(f"{name} is not a constant integer", hint=STATIC)
        return value

    def number(self, name: str) -> float:
        """An argument that is one number."""
        value = self.arguments[name]
        if not isinstance(value, int | float):
            raise self.unsupported(f"{name} is not a constant number")
        return float(value)

    def flag(self, name: str) -> bool:
        """An argument that is true or false."""
        return bool(self.arguments[name])

    def integers(self, name: str) -> tuple[int, ...]:
        """An argument that is a list of integers; one integer is a list of one."""
        value = self.arguments[name]
        numbers = (value,) if type(value) is int else tuple(value if value is not None else ())
        if any(type(number) is not int for number in numbers):
            raise self.unsupported(f"{name} is not a list of constant integers", hint=STATIC)
        return numbers

    def pair(self, name: str, count: int = 2, *, default: int | None = None) -> tuple[int, ...]:
        """A list of integers with one for each of ``count`` axes; one stands for all, none for the default."""
        numbers = self.integers(name)
        if not numbers and default is not None:
            return (default,) * count
        if len(numbers) not in (1, count):
            raise ModelError(f"{self.node.target}: {name} has {len(numbers)} entries", where=self.where)
        return numbers * count if len(numbers) == 1 else numbers

    def axis(self, name: str = "dim", tensor: str = "self") -> int:
        """An axis of a tensor argument, counted from the front."""
        return self.positive(self.integer(name), len(self.shape(tensor)))

    def positive(self, axis: int, rank: int) -> int:
        """The axis counted from the front; a tensor without axes counts as one with one."""
        limit = max(rank, 1)
        if not -limit <= axis < limit:
            raise ModelError(f"{self.node.target}: there is no axis {axis}", where=self.where)
        return axis % limit

    # Tensors -----------------------------------------------------------------------------------------

    def value(self, name: str) -> str:
        """The value of a tensor argument."""
        return self.value_of(self.arguments[name])

    def optional(self, name: str) -> str | None:
        """The value of a tensor argument that may be absent."""
        return self.value(name) if self.has(name) else None

    def values(self, name: str) -> list[str]:
        """The values of an argument that is a list of tensors."""
        return [self.value_of(item) for item in self.arguments[name]]

    def value_of(self, argument: Any) -> str:
        """The value of a node of the program; a constant is placed in the graph."""
        if not isinstance(argument, torch().fx.Node):
            raise self.unsupported(f"{argument!r} is not a tensor")
        meaning = self.meanings.get(argument)
        if isinstance(meaning, Constant):
            array = array_of(meaning.tensor, where=self.where)
            meaning = self.meanings[argument] = self.build.constant(array, stem=meaning.name)
        if not isinstance(meaning, str):
            raise self.unsupported(f"{argument} is not one tensor")
        return meaning

    def array(self, name: str) -> Array | None:
        """The array of a constant tensor argument; None where it is computed or absent."""
        argument = self.arguments.get(name)
        return None if argument is None else self.array_of(argument)

    def array_of(self, argument: Any) -> Array | None:
        """The array of a node of the program that is constant, else None."""
        meaning = self.meanings.get(argument)
        if isinstance(meaning, Constant):
            return array_of(meaning.tensor, where=self.where)
        return self.build.constant_of(meaning) if isinstance(meaning, str) else None

    def is_known(self, value: str) -> bool:
        """Whether a value is a constant, or quantised weights: a constant behind a DEQUANTIZE."""
        maker = self.build.producer(value)
        if maker is not None and maker.op == "DEQUANTIZE":
            value = str(maker.inputs[0])
        return self.build.constant_of(value) is not None

    def shape(self, name: str) -> Shape:
        """The shape of a tensor argument."""
        return tuple(int(extent) for extent in self.arguments[name].meta["val"].shape)

    def dtype(self, name: str) -> DType:
        """The element type of a tensor argument."""
        return element_type(self.arguments[name].meta["val"].dtype, where=self.where)

    @property
    def output_shape(self) -> Shape:
        """The shape of the first result, as PyTorch computed it."""
        return tuple(int(extent) for extent in first_result(self.node).shape)

    @property
    def output_type(self) -> DType:
        """The element type of the first result."""
        return element_type(first_result(self.node).dtype, where=self.where)

    # Construction ------------------------------------------------------------------------------------

    def emit(
        self,
        op: str,
        inputs: Sequence[str | None],
        attrs: Mapping[str, AttrValue] | None = None,
        *,
        dtype: DType | None = None,
    ) -> str:
        """Append a node with one output; see `GraphBuilder.node`."""
        return self.build.node(op, inputs, attrs, dtype=dtype)

    def scalar(self, number: float | int | bool, dtype: DType) -> str:
        """A constant of one element without axes."""
        return self.build.constant(np.array(number, dtype.numpy), stem="scalar")

    def cast(self, value: str, dtype: DType) -> str:
        """The value in another element type."""
        found = self.build.type_of(value).dtype
        if found is dtype:
            return value
        attrs = {"in_data_type": found.value.upper(), "out_data_type": dtype.value.upper()}
        return self.emit("CAST", [value], attrs, dtype=dtype)

    def operand(self, name: str, dtype: DType) -> str:
        """A tensor or a number as a value of that element type."""
        argument = self.arguments[name]
        if isinstance(argument, bool | int | float):
            return self.scalar(argument, dtype)
        return self.cast(self.value_of(argument), dtype)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """The value under another shape."""
        return moving.reshape(self.build, value, shape)

    def transpose(self, value: str, order: Sequence[int]) -> str:
        """The value with its axes in another order."""
        return moving.transpose(self.build, value, order)

    def box(self, value: str, axis: int, start: int, extent: int) -> str:
        """``extent`` indices of one axis."""
        shape = self.build.shape_of(value)
        begin = tuple(start if index == axis else 0 for index in range(len(shape)))
        size = (*shape[:axis], extent, *shape[axis + 1 :])
        return moving.crop(self.build, value, begin, size)

    def used_outputs(self) -> frozenset[int]:
        """Which of several results are read."""
        return frozenset(user.args[1] for user in self.node.users if len(user.args) == 2)


STATIC = "give every input a fixed shape and compute no shapes from values"


def first_result(node: Any) -> Any:
    """The tensor, or the first of the tensors, that PyTorch computed for a node."""
    result = node.meta.get("val")
    return result[0] if isinstance(result, tuple | list) else result


def bound_arguments(node: Any) -> dict[str, Any]:
    """The arguments of a node by the names of the operator's schema, with its defaults."""
    schema = node.target._schema.arguments
    bound = {argument.name: argument.default_value for argument in schema if argument.has_default_value()}
    bound |= zip((argument.name for argument in schema), node.args, strict=False)
    return {**bound, **node.kwargs}
