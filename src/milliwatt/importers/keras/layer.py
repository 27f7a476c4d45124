# SPDX-License-Identifier: Apache-2.0
"""One layer of a Keras model while it is translated: its configuration, its weights, what it appends to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.moving import reshape
from milliwatt.ir import AttrValue, Shape

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Layer:
    """A layer.

    Attributes:
        kind: the class's name.
        name: the layer's.
        config: its configuration.
        arrays: its weights, in Keras' order.
        build: the graph.
        major: the major version of Keras that saved it.
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    arrays: Sequence[Array]
    build: GraphBuilder
    major: int

    @property
    def where(self) -> str:
        """The layer in the user's words."""
        return f'{self.kind} "{self.name}"'

    def unsupported(self, what: str, *, hint: str = "") -> UnsupportedError:
        """The error that says what about this layer is not supported."""
        return UnsupportedError(f"{what} is not supported", where=self.where, hint=hint)

    def array(self, index: int, *ranks: int) -> Array:
        """A weight that must be there, of one of these ranks where any are given.

        Raises:
            ModelError: it is not.
        """
        if index >= len(self.arrays) or (ranks and self.arrays[index].ndim not in ranks):
            raise ModelError(f"weight {index} is missing, or of a wrong shape", where=self.where)
        return self.arrays[index]

    def get(self, key: str, default: Any = None) -> Any:
        """An entry of the configuration."""
        return self.config.get(key, default)

    def number(self, key: str, default: float | None = None) -> float:
        """An entry that is a number.

        Raises:
            ModelError: it is not.
        """
        value = self.config.get(key, default)
        if isinstance(value, Mapping):  # an array of Keras 3
            value = value.get("config", {}).get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelError(f"{key} is no number", where=self.where)
        return float(value)

    def integers(self, key: str, count: int, default: int | None = None) -> tuple[int, ...]:
        """An entry of so many whole numbers from 0 to 2**20; one number stands for all.

        Raises:
            ModelError: it is not.
        """
        value = self.config.get(key, default)
        items = [value] * count if isinstance(value, int) else value
        if (
            not isinstance(items, list | tuple)
            or len(items) != count
            or not all(isinstance(item, int) and 0 <= item <= 2**20 for item in items)
        ):
            raise ModelError(f"{key} is not {count} whole numbers", where=self.where)
        return tuple(items)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """An entry that is true or false."""
        return bool(self.config.get(key, default))

    def shape(self, value: str) -> Shape:
        """The shape of a value."""
        return self.build.shape_of(value)

    def rank(self, value: str, *allowed: int) -> int:
        """The rank of a value.

        Raises:
            ModelError: it is none of those allowed.
        """
        rank = len(self.shape(value))
        if rank not in allowed:
            raise ModelError(f"data of {rank} axes do not fit this layer", where=self.where)
        return rank

    def emit(
        self, op: str, inputs: Sequence[str | None], attrs: Mapping[str, AttrValue] | None = None
    ) -> str:
        """Append a node."""
        return self.build.node(op, inputs, attrs)

    def constant(self, array: Array, stem: str = "constant") -> str:
        """A constant, named after the layer."""
        return self.build.constant(array, stem=f"{self.name}/{stem}")

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """The value under another shape."""
        return reshape(self.build, value, shape)

    def scalar(self, number: float) -> str:
        """A float32 constant without axes."""
        return self.build.constant(np.array(number, np.float32), stem="number")

    def channels_last(self) -> None:
        """Refuse the other order.

        Raises:
            UnsupportedError: the layer works on channels first.
        """
        if self.get("data_format", "channels_last") not in ("channels_last", None):
            raise self.unsupported("data_format channels_first", hint="build the model with channels_last")


Translation = Callable[[Layer, list[str]], str | tuple[str, ...]]
"""From a layer and the values that it is called with to what it gives."""
