# SPDX-License-Identifier: Apache-2.0
"""The graph: values with types, nodes in execution order, constants and state. All of it is immutable.

Grammar::

    graph   ::= name, values {name: type}, constants {name: array}, states, inputs, outputs, nodes
    node    ::= outputs = op(inputs; attrs) [states] @ source
    state   ::= name, type, initial array

Every value is defined once: as a graph input, a constant, or the output of one node. Nodes stand in
execution order. A pass is a function Graph -> Graph and makes new objects with ``replace``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir.types import TensorType, frozen

AttrValue = int | float | bool | str | tuple[int, ...] | tuple[float, ...]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Node:
    """One use of an operator.

    Attributes:
        op: the operator's name in TFLite's spelling, for example CONV_2D.
        inputs: value names; None where an optional input is absent.
        outputs: value names.
        attrs: the operator's attributes, named as in TFLite's schema.
        states: names of the state variables that the node reads and writes.
        source: where the node comes from in the user's model, in its own words.
    """

    op: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, AttrValue] = field(default_factory=dict)
    states: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "attrs", MappingProxyType(dict(self.attrs)))

    def __hash__(self) -> int:
        return hash((self.op, self.inputs, self.outputs))

    def with_attrs(self, **changes: AttrValue) -> Node:
        """The same node with some attributes changed."""
        return replace(self, attrs={**self.attrs, **changes})


@dataclass(frozen=True)
class State:
    """A variable that keeps its value between two runs of the graph."""

    name: str
    type: TensorType
    initial: Array = field(compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "initial", frozen(self.initial))


@dataclass(frozen=True)
class Graph:
    """A whole model. See the module's grammar."""

    name: str
    values: Mapping[str, TensorType]
    constants: Mapping[str, Array]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    states: tuple[State, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
        constants = {
            name: array if not array.flags.writeable and array.flags.c_contiguous else frozen(array)
            for name, array in self.constants.items()
        }
        object.__setattr__(self, "constants", MappingProxyType(constants))

    def replace(self, **changes: Any) -> Graph:
        """The same graph with some fields changed."""
        return replace(self, **changes)

    def type_of(self, value: str) -> TensorType:
        """The type of a value."""
        return self.values[value]

    def state(self, name: str) -> State:
        """The state variable of that name."""
        return next(state for state in self.states if state.name == name)

    def producers(self) -> dict[str, Node]:
        """The node that makes each value (inputs and constants have none)."""
        return {output: node for node in self.nodes for output in node.outputs}

    def users(self) -> dict[str, list[Node]]:
        """The nodes that read each value, in execution order."""
        users: dict[str, list[Node]] = {value: [] for value in self.values}
        for node in self.nodes:
            for value in dict.fromkeys(node.inputs):
                if value is not None:
                    users[value].append(node)
        return users

    def activations(self) -> Iterator[str]:
        """Names of all values that are not constants."""
        return (value for value in self.values if value not in self.constants)

    def pruned(self) -> Graph:
        """The same graph without values and constants that nothing names."""
        used = {*self.inputs, *self.outputs}
        for node in self.nodes:
            used.update(value for value in node.inputs if value is not None)
            used.update(node.outputs)
        used_states = {state for node in self.nodes for state in node.states}
        return replace(
            self,
            values={name: kind for name, kind in self.values.items() if name in used},
            constants={name: array for name, array in self.constants.items() if name in used},
            states=tuple(state for state in self.states if state.name in used_states),
        )

    def fresh(self, stem: str) -> str:
        """A value name that the graph does not use yet."""
        if stem not in self.values:
            return stem
        number = 1
        while f"{stem}.{number}" in self.values:
            number += 1
        return f"{stem}.{number}"


def constant(array: Array) -> Array:
    """An array fit to be a graph constant: contiguous and read-only."""
    return frozen(np.asarray(array))
