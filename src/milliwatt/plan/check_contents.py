# SPDX-License-Identifier: Apache-2.0
"""The checker's notion of what bytes hold: each byte that a call stores has a number of its own.

The bytes of a value that no call stores are those that its operator takes from others: of a view the same ones, of
an operator that moves elements the ones that it would have moved, of a value in a state variable's memory those of
the variable. How planning found places for such values plays
no part here.
"""

from __future__ import annotations

import bisect
import math

import numpy as np
import numpy.typing as npt

from milliwatt.errors import VerificationError
from milliwatt.ir import Node
from milliwatt.lower.program import Program
from milliwatt.ops import find, signature
from milliwatt.ops.operator import Move

Stamps = npt.NDArray[np.int64]
"""The numbers of some bytes in order; 0 is nothing."""


class Contents:
    """Numbers bytes.

    Args:
        program: whose values are asked for.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._producers = program.graph.producers()
        self._stored = {*program.graph.inputs, *(value for call in program.calls for value in call.writes)}
        self._known: dict[str, Stamps] = {}
        self._firsts, self._titles = [0], ["nothing yet"]
        self._next = 1

    def of_value(self, value: str) -> Stamps:
        """The numbers of a value's bytes.

        Raises:
            VerificationError: no call stores the value, and no operator makes it of stored ones.
        """
        if value not in self._known:
            program, size = self._program, self._program.type_of(value).bytes
            if value in program.state_of:
                state = program.graph.state(program.state_of[value])
                return self.fresh(f"state {state.name!r}", state.type.bytes)[:size]
            self._known[value] = (
                self.fresh(f"value {value!r}", size) if value in self._stored else self._derived(value)
            )
        return self._known[value]

    def fresh(self, title: str, size: int) -> Stamps:
        """Numbers for what a title names, always the same ones."""
        if title not in self._known:
            self._firsts.append(self._next)
            self._titles.append(title)
            self._known[title] = np.arange(self._next, self._next + size, dtype=np.int64)
            self._next += size
        return self._known[title]

    def described(self, number: int) -> str:
        """What a byte of that number belongs to."""
        return self._titles[bisect.bisect_right(self._firsts, number) - 1]

    def _derived(self, value: str) -> Stamps:
        node = self._producers.get(value)
        if node is not None and find(node.op, where=node.source).view:
            return self.of_value(str(node.inputs[0]))
        if node is not None and find(node.op, where=node.source).moves is not None:
            return self._moved(node, value)
        raise VerificationError(
            f"the plan is wrong: nothing stores {value!r}", where=node.source if node else ""
        )

    def _moved(self, node: Node, value: str) -> Stamps:
        """Element by element what the operator's moves take from its inputs."""
        operator, graph = find(node.op, where=node.source), self._program.graph
        width = graph.values[value].dtype.bytes
        elements = np.zeros((graph.values[value].size, width), np.int64)
        moves = () if operator.moves is None else operator.moves(signature(graph, node))
        for move in moves:
            if node.outputs[move.output] == value:
                source = self.of_value(str(node.inputs[move.input])).reshape(-1, width)
                elements[_indices(move, move.output_offset, move.output_strides)] = source[
                    _indices(move, move.input_offset, move.input_strides)
                ]
        return elements.reshape(-1)


def _indices(move: Move, offset: int, strides: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """The elements that one side of a move touches, in the order of its loops."""
    if math.prod(move.extents) == 0:
        return np.zeros(0, np.int64)
    found = np.array([offset], np.int64)
    for extent, stride in zip(move.extents, strides, strict=True):
        found = (found[:, None] + np.arange(extent, dtype=np.int64) * stride).reshape(-1)
    return found
