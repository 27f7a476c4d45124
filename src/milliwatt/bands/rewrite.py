# SPDX-License-Identifier: Apache-2.0
"""Graph to graph: the nodes of a region are run band by band, each on the rows that the earlier bands left out.

No row is computed twice. A node whose window reaches up into earlier bands reads a *line*: the rows that are still
needed, copied from the last line's end, with the band's new rows behind them. Where rows of padding were, only the
first or the last band has them. A value that is read behind the region is put together from its bands.

Running a network's first layers by parts is known as patch-based inference (Lin et al., "MCUNetV2", NeurIPS 2021),
there in two dimensions and with halos that are computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from milliwatt.bands.cut import Cut
from milliwatt.bands.naming import source_of_rows
from milliwatt.bands.region import Region, region_of
from milliwatt.bands.rules import part
from milliwatt.bands.schedule import Schedule
from milliwatt.ir import AttrValue, DType, Graph, Node, TensorType
from milliwatt.ir.graph import Array
from milliwatt.ir.verify import verify
from milliwatt.ops import signature
from milliwatt.ops.check import check


def in_bands(graph: Graph, cut: Cut) -> Graph:
    """The graph with some nodes run band by band; every value outside of them is the same, bit for bit.

    Args:
        graph: a checked graph.
        cut: nodes inside one of the graph's regions, and the bands.

    Raises:
        ValueError: the nodes are in no region, or the heights do not add up to all rows.
    """
    return check(verify(outline(region_of(graph, cut), cut.heights)))


def outline(region: Region, heights: Sequence[int]) -> Graph:
    """The same, unchecked, for searches."""
    writer = _Writer(region, Schedule.of(region, heights))
    for band in range(len(heights)):
        writer.append_band(band)
    return writer.graph()


@dataclass(frozen=True)
class _Line:
    """The rows of a value from ``base`` to ``end``, which lie in the value ``name``."""

    name: str
    base: int
    end: int


class _Writer:
    """The new graph in the making."""

    def __init__(self, region: Region, schedule: Schedule) -> None:
        graph = region.graph
        self._region, self._schedule = region, schedule
        self._values, self._constants = dict(graph.values), dict(graph.constants)
        self._nodes: list[Node] = []
        self._pieces: dict[str, list[str]] = {name: [] for name in region.leaving()}
        made = {output for node in region.nodes for output in node.outputs}
        self._lines = {
            name: _Line(name, 0, graph.values[name].shape[axis])
            for name, axis in region.axes.items()
            if name not in made
        }

    def append_band(self, band: int) -> None:
        """The nodes on the band's new rows."""
        for index, node in enumerate(self._region.nodes):
            first, end = self._schedule.rows(index, band)
            if first < end:
                self._append(index, node, band)

    def graph(self) -> Graph:
        """The whole graph, with what leaves the region put together."""
        graph, region = self._region.graph, self._region
        for name, pieces in self._pieces.items():
            if pieces != [name]:
                attrs: dict[str, AttrValue] = {"axis": region.axes[name]}
                source = next(node.source for node in region.nodes if name in node.outputs)
                self._nodes.append(Node("CONCATENATION", tuple(pieces), (name,), attrs, (), source))
        before, behind = graph.nodes[: region.start], graph.nodes[region.start + len(region.readings) :]
        return graph.replace(
            nodes=(*before, *self._nodes, *behind), values=self._values, constants=self._constants
        ).pruned()

    def _append(self, index: int, node: Node, band: int) -> None:
        region, reading = self._region, self._region.readings[index]
        first, end = self._schedule.rows(index, band)
        computed = [name for name in node.inputs if name is not None and name in region.axes]
        axis = region.axes[computed[0]]
        cut = part(signature(region.graph, node), node, axis, first, end)
        inputs = [
            self._taken(name, reading.begin(first), reading.end(end), node.source)
            if name is not None and name in region.axes
            else name
            for name in node.inputs
        ]
        for place, array in cut.operands.items():
            inputs[place] = self._constant(f"{node.outputs[0]} operand {place}", array)
        kept = {output: self._kept(output, first, band, node.source) for output in node.outputs}
        made = tuple(self._named(output, first, end) for output in node.outputs)
        source = source_of_rows(node.source, first, end)
        new = replace(cut.node, inputs=tuple(inputs[: len(cut.node.inputs)]), outputs=made, source=source)
        self._nodes.append(new)
        for output, name in zip(node.outputs, made, strict=True):
            self._extend(output, name, kept[output], first, end, node.source)

    def _named(self, output: str, first: int, end: int) -> str:
        """The name of some new rows; the value's own where they are all of it."""
        kind = self._kind(output, end - first)
        whole = kind == self._region.graph.values[output]
        return output if whole else self._new(f"{output} rows {first} to {end - 1}", kind)

    def _kept(self, output: str, first: int, band: int, source: str) -> _Line | None:
        """The earlier rows that this band or a later one reads, taken out of the last line."""
        base = self._schedule.base(output, band)
        line = self._lines.get(output)
        if line is None or base >= first:
            return None
        return _Line(self._cut(output, line, base, first, source), base, first)

    def _extend(self, output: str, name: str, kept: _Line | None, first: int, end: int, source: str) -> None:
        """The new line of a value: what is kept of the last one, and the new rows."""
        leaves = output in self._pieces
        if leaves:
            self._pieces[output].append(name)
        if kept is None:
            self._lines[output] = _Line(name, first, end)
            return
        # What leaves the region has its place in the whole value, so that the line takes a copy.
        behind = self._cut(output, _Line(name, first, end), first, end, source) if leaves else name
        line = self._new(f"{output} line {kept.base} to {end - 1}", self._kind(output, end - kept.base))
        attrs: dict[str, AttrValue] = {"axis": self._region.axes[output]}
        self._nodes.append(Node("CONCATENATION", (kept.name, behind), (line,), attrs, (), source))
        self._lines[output] = _Line(line, kept.base, end)

    def _taken(self, value: str, begin: int, end: int, source: str) -> str:
        """Some rows of a value, which its line holds."""
        line = self._lines[value]
        return (
            line.name if (begin, end) == (line.base, line.end) else self._cut(value, line, begin, end, source)
        )

    def _cut(self, value: str, line: _Line, begin: int, end: int, source: str) -> str:
        kind, axis = self._kind(value, end - begin), self._region.axes[value]
        begins = np.zeros(len(kind.shape), np.int32)
        begins[axis] = begin - line.base
        cut = self._new(f"{value} cut {begin} to {end - 1}", kind)
        operands = (
            self._constant(f"{cut} begin", begins),
            self._constant(f"{cut} size", np.array(kind.shape, np.int32)),
        )
        self._nodes.append(Node("SLICE", (line.name, *operands), (cut,), {}, (), source))
        return cut

    def _kind(self, value: str, rows: int) -> TensorType:
        kind, axis = self._region.graph.values[value], self._region.axes[value]
        return replace(kind, shape=(*kind.shape[:axis], rows, *kind.shape[axis + 1 :]))

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
