# SPDX-License-Identifier: Apache-2.0
"""Writes the streamed graph: the nodes on their new columns, and the lines that keep columns of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from milliwatt.ir import DType, Graph, Node, State, TensorType
from milliwatt.ir.graph import Array
from milliwatt.stream.track import Step, Track


class Lines:
    """The streamed graph in the making.

    Args:
        graph: the window model.
        tracks: the tracked values of the window model; filled by the caller until the first `append`.
    """

    def __init__(self, graph: Graph, tracks: Mapping[str, Track]) -> None:
        self._window = graph
        self._tracks = tracks
        self._longest: dict[str, int] = {}
        self._ends: dict[tuple[str, int], str] = {}
        self._values = dict(graph.values)
        self._constants = dict(graph.constants)
        self._nodes: list[Node] = []
        self._states: list[State] = []

    def demand(self, value: str, columns: int) -> None:
        """Some node will read that many of the value's last columns."""
        self._longest[value] = max(columns, self._longest.get(value, 0))

    def append(self, node: Node, step: Step | None) -> None:
        """The node on the columns it reads; without a step it sees its inputs whole."""
        inputs = list(node.inputs)
        for index, name in enumerate(node.inputs):
            if name is not None and name in self._tracks:
                wanted = self._tracks[name].full if step is None else step.columns
                inputs[index] = self._end(name, wanted, node.source)
        if step is None:
            self._nodes.append(replace(node, inputs=tuple(inputs)))
            return
        for index, array in step.operands.items():
            inputs[index] = self._constant(f"{node.outputs[0]} operand {index}", array)
        for output in node.outputs:
            if output in self._tracks:
                self._values[output] = self._columns_of(output, self._tracks[output].new)
        self._nodes.append(replace(step.node, inputs=tuple(inputs[: len(step.node.inputs)])))

    def graph(self) -> Graph:
        """The streamed graph."""
        for name in self._window.inputs:
            self._values[name] = self._columns_of(name, self._tracks[name].new)
        return Graph(
            self._window.name,
            self._values,
            self._constants,
            self._window.inputs,
            self._window.outputs,
            tuple(self._nodes),
            tuple(self._states),
        ).pruned()

    def _end(self, value: str, columns: int, source: str) -> str:
        """The last columns of a value: the new ones, a part of them, or some of earlier runs in front of them."""
        if columns == self._tracks[value].new:
            return value
        if (value, columns) not in self._ends:
            whole, length = value, self._tracks[value].new
            if columns > length:
                length = self._longest[value]
                whole = self._ends.get((value, length)) or self._line(value, source)
            if columns != length:
                self._ends[value, columns] = self._cut(value, whole, length - columns, columns, source)
        return self._ends[value, columns]

    def _line(self, value: str, source: str) -> str:
        """All columns that anybody reads, kept in a state variable that moves on by the new ones."""
        kind = self._columns_of(value, self._longest[value])
        zero = 0 if kind.quant is None else kind.quant.scalar[1]
        line = self._new(f"{value} line", kind)
        state = State(line, kind, np.full(kind.shape, zero, kind.dtype.numpy))
        self._states.append(state)
        attrs = {"axis": self._tracks[value].axis}
        self._nodes.append(Node("PUSH_COLUMNS", (value,), (line,), attrs, (state.name,), source))
        self._ends[value, self._longest[value]] = line
        return line

    def _cut(self, value: str, whole: str, begin: int, columns: int, source: str) -> str:
        """``columns`` columns of ``whole`` from ``begin`` on."""
        kind, axis = self._columns_of(value, columns), self._tracks[value].axis
        begins = np.zeros(len(kind.shape), np.int32)
        begins[axis] = begin
        cut = self._new(f"{value} last {columns}", kind)
        operands = (
            self._constant(f"{cut} begin", begins),
            self._constant(f"{cut} size", np.array(kind.shape, np.int32)),
        )
        self._nodes.append(Node("SLICE", (whole, *operands), (cut,), {}, (), source))
        return cut

    def _columns_of(self, value: str, columns: int) -> TensorType:
        kind, axis = self._window.values[value], self._tracks[value].axis
        return replace(kind, shape=(*kind.shape[:axis], columns, *kind.shape[axis + 1 :]))

    def _constant(self, name: str, array: Array) -> str:
        fresh = self._new(name, TensorType(DType(array.dtype.name), tuple(array.shape)))
        self._constants[fresh] = array
        return fresh

    def _new(self, stem: str, kind: TensorType) -> str:
        name, number = stem, 0
        while name in self._values:
            number += 1
            name = f"{stem}.{number}"
        self._values[name] = kind
        return name
