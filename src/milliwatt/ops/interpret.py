# SPDX-License-Identifier: Apache-2.0
"""Runs a graph by the NumPy meanings of its operators: the oracle of passes, kernels and boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import InternalError, UsageError
from milliwatt.ir import Graph
from milliwatt.ops.numerics import Numerics
from milliwatt.ops.operator import Call
from milliwatt.ops.registry import find, signature

Array = npt.NDArray[Any]


class Interpreter:
    """A graph with its state.

    Args:
        graph: a checked graph.
        numerics: the contract of rounding.
    """

    def __init__(self, graph: Graph, numerics: Numerics = Numerics.LITERT) -> None:
        self.graph = graph
        self.numerics = numerics
        self._plan = [(node, find(node.op), signature(graph, node)) for node in graph.nodes]
        self._states: dict[str, Array] = {}
        self.reset()

    def reset(self) -> None:
        """Set all state variables to their initial values."""
        self._states = {state.name: np.array(state.initial) for state in self.graph.states}

    def run(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """Outputs for one set of inputs, in the graph's order."""
        values = self.values(inputs)
        return tuple(values[name] for name in self.graph.outputs)

    def values(
        self, inputs: Sequence[Array], *, given: Mapping[str, Array] | None = None
    ) -> Mapping[str, Array]:
        """Every value of one run by name, constants included.

        Args:
            inputs: one array per input of the graph.
            given: values that another implementation computed: nodes read these instead of the meaning's own, so
                that what each node gives can be compared on its own.

        Raises:
            UsageError: an input has the wrong element type or shape.
        """
        values: dict[str, Array] = dict(self.graph.constants)
        values |= zip(self.graph.inputs, check_inputs(self.graph, inputs), strict=True)
        read = dict(values)
        for node, operator, kind in self._plan:
            call = Call(
                signature=kind,
                inputs=tuple(None if name is None else read[name] for name in node.inputs),
                numerics=self.numerics,
                states=tuple(self._states[name] for name in node.states),
            )
            outputs = operator.evaluate(call)
            for name, array, expected in zip(node.outputs, outputs, kind.outputs, strict=True):
                if array.dtype != expected.dtype.numpy or array.shape != expected.shape:
                    raise InternalError(
                        f"the meaning of {node.op} gave {array.dtype}{list(array.shape)} instead of {expected}",
                        where=node.source,
                    )
                values[name] = array
                read[name] = array if given is None else given.get(name, array)
        return values


def check_inputs(graph: Graph, inputs: Sequence[Array]) -> tuple[Array, ...]:
    """The inputs, if they are as many as the graph's and each of its element type and shape.

    Raises:
        UsageError: they are not.
    """
    if len(inputs) != len(graph.inputs):
        raise UsageError(
            f"the model has {len(graph.inputs)} inputs, {len(inputs)} were given",
            hint=f"its inputs are {', '.join(graph.inputs)}",
        )
    for name, array in zip(graph.inputs, inputs, strict=True):
        kind = graph.values[name]
        if array.dtype != kind.dtype.numpy or tuple(array.shape) != kind.shape:
            raise UsageError(
                f"input {name} must be {kind}, not {array.dtype}{list(array.shape)}",
                hint="quantise it with the scale and zero point shown, and give it this shape",
            )
    return tuple(np.ascontiguousarray(array).reshape(array.shape) for array in inputs)
