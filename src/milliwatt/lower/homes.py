# SPDX-License-Identifier: Apache-2.0
"""In which buffer each value lies, and where: whatever only cuts or joins contiguous bytes moves none of them.

A view has the bytes of what it views. A slice of rows is a range of what it is cut from, and the parts of a
concatenation along the outermost dimension are written where they belong in the whole. Such nodes need no call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from milliwatt.ir import Graph, Node
from milliwatt.lower.residence import resident_state
from milliwatt.lower.strided_box import Box, boxes
from milliwatt.ops import Signature, find, signature

_WORD = 4
"""Kernels access activations by words, so a value inside a buffer begins at a multiple."""


@dataclass(frozen=True)
class _Run:
    """Contiguous bytes of an input that become contiguous bytes of an output."""

    input: int
    output: int
    source: int
    target: int
    length: int


@dataclass(frozen=True)
class Homes:
    """Where the values of a graph lie.

    Attributes:
        buffer_of: the buffer of each computed value, named after one of its values.
        begin_of: bytes from the buffer's begin to the value's, of the values that do not begin there.
        state_of: the state variable of each buffer that is one's memory.
        still: indices of the nodes that need no call.
    """

    buffer_of: dict[str, str]
    begin_of: dict[str, int]
    state_of: dict[str, str]
    still: frozenset[int]


def homes(graph: Graph) -> Homes:
    """Gives every computed value its buffer and place: first the parts of what is joined, then cuts and views."""
    groups = _Groups.of(graph)
    still = {index for index, node in enumerate(graph.nodes) if _join(graph, groups, node)}
    still |= {
        index for index, node in enumerate(graph.nodes) if index not in still and _cut(graph, groups, node)
    }
    return Homes(
        groups.root,
        {name: begin for name, begin in groups.begin.items() if begin},
        groups.state_of,
        frozenset(still),
    )


@dataclass
class _Groups:
    """Values that lie in one buffer: the root of each value's group, and where it begins from the root's begin.

    A root covers its group: no member reaches beyond it.
    """

    graph: Graph
    root: dict[str, str]
    begin: dict[str, int]
    state_of: dict[str, str]
    members: dict[str, list[str]] = field(default_factory=dict)

    @staticmethod
    def of(graph: Graph) -> _Groups:
        names = [*graph.inputs, *(output for node in graph.nodes for output in node.outputs)]
        resident = ((node.outputs, resident_state(graph, node)) for node in graph.nodes)
        return _Groups(
            graph,
            root={name: name for name in names},
            begin=dict.fromkeys(names, 0),
            state_of={outputs[0]: state for outputs, state in resident if state is not None},
            members={name: [name] for name in names},
        )

    def joinable(self, whole: str, part: str, begin: int) -> bool:
        """Whether all that lies in ``part`` may move to its place in ``whole``."""
        if part not in self.root or whole not in self.root or self.root[part] == self.root[whole]:
            return False
        if self.root[part] in self.state_of:
            return False
        kind, root = self.graph.values[part], self.graph.values[self.root[part]]
        if root.bytes != kind.bytes or begin % max(_WORD, kind.dtype.bytes):
            return False
        taken = list(self._owned(self.root[whole], 0))
        moved = self._owned(self.root[part], self.begin[whole] + begin)
        return not any(first < high and low < end for low, high in moved for first, end in taken)

    def join(self, whole: str, part: str, begin: int) -> None:
        """Moves the group of ``part`` to its place in the group of ``whole``."""
        root, shift = self.root[whole], self.begin[whole] + begin
        members = self.members.pop(self.root[part])
        for name in members:
            self.root[name] = root
            self.begin[name] += shift
        self.members[root] += members

    def _owned(self, root: str, shift: int) -> Iterator[tuple[int, int]]:
        """The bytes of a group that the caller or a state owns, which no second input or output may share."""
        for name in self.members[root]:
            if name in self.graph.inputs or name in self.graph.outputs or name in self.state_of:
                begin = self.begin[name] + shift
                yield begin, begin + self.graph.values[name].bytes


def _join(graph: Graph, groups: _Groups, node: Node) -> bool:
    """Whether all inputs of a node now lie where its only output has them."""
    kind, runs = _runs(graph, node)
    if len(kind.outputs) != 1 or len(runs) < 2:
        return False
    names = [str(node.inputs[run.input]) for run in runs]
    whole = all(run.length == graph.values[name].bytes for run, name in zip(runs, names, strict=True))
    covered = sum(run.length for run in runs) == kind.outputs[0].bytes
    if not whole or not covered or len(set(names)) < len(names):
        return False
    output = node.outputs[0]
    pairs = list(zip(names, runs, strict=True))
    # The parts take different bytes of the whole, so that joining one changes nothing for the others.
    if len({groups.root[name] for name in names if name in groups.root}) < len(names):
        return False
    if not all(groups.joinable(output, name, run.target) for name, run in pairs):
        return False
    for name, run in pairs:
        groups.join(output, name, run.target)
    return True


def _cut(graph: Graph, groups: _Groups, node: Node) -> bool:
    """Whether all outputs of a node now lie in one of its inputs, or its input where the output lies."""
    if find(node.op, where=node.source).view:
        size = graph.values[node.outputs[0]].bytes
        runs: tuple[_Run, ...] = (_Run(0, 0, 0, 0, size),)
    else:
        _, runs = _runs(graph, node)
    if not runs or len(runs) != len(node.outputs) or {run.output for run in runs} != set(range(len(runs))):
        return False
    pairs = [(str(node.inputs[run.input]), node.outputs[run.output], run) for run in runs]
    if not all(run.length == graph.values[output].bytes for _, output, run in pairs):
        return False
    if all(groups.joinable(source, output, run.source) for source, output, run in pairs):
        for source, output, run in pairs:
            groups.join(source, output, run.source)
        return True
    source, output, run = pairs[0]
    if len(pairs) == 1 and run.length == graph.values[source].bytes and groups.joinable(output, source, 0):
        groups.join(output, source, 0)
        return True
    return False


def _runs(graph: Graph, node: Node) -> tuple[Signature, tuple[_Run, ...]]:
    """The contiguous bytes that a node moves; none where it does anything else."""
    operator, kind = find(node.op, where=node.source), signature(graph, node)
    if operator.moves is None or operator.fill is not None:
        return kind, ()
    runs: list[_Run] = []
    for move in operator.moves(kind):
        parts = boxes(move, kind.outputs[move.output].dtype.bytes)
        if len(parts) != 1 or not _contiguous(parts[0]):
            return kind, ()
        (box,) = parts
        runs.append(_Run(move.input, move.output, box.input_offset, box.output_offset, box.size * box.width))
    return kind, tuple(runs)


def _contiguous(box: Box) -> bool:
    return not box.dimensions or (
        len(box.dimensions) == 1 and box.dimensions[0][1:] == (box.width, box.width)
    )
