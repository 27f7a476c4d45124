# SPDX-License-Identifier: Apache-2.0
"""Consecutive nodes all of which read their inputs by windows of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from milliwatt.bands.cut import Cut
from milliwatt.bands.rules import Reading, reading
from milliwatt.ir import Graph, Node, Shape
from milliwatt.ops import signature


@dataclass(frozen=True)
class Region:
    """The nodes ``start`` to ``start + len(readings)`` of a graph.

    Attributes:
        graph: where they stand.
        start: index of the first one.
        readings: how each reads rows.
        axes: the dimension that is the rows, of every computed value that the nodes read or make.
    """

    graph: Graph
    start: int
    readings: tuple[Reading, ...]
    axes: dict[str, int]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes in order."""
        return self.graph.nodes[self.start : self.start + len(self.readings)]

    def until(self, stop: int) -> Region:
        """The same region up to node ``stop``, excluded."""
        return Region(self.graph, self.start, self.readings[: stop - self.start], self.axes)

    def leaving(self) -> frozenset[str]:
        """The values made inside that are read outside."""
        made = {output for node in self.nodes for output in node.outputs}
        outside = (
            *self.graph.nodes[: self.start],
            *self.graph.nodes[self.start + len(self.readings) :],
        )
        read = {*self.graph.outputs, *(name for node in outside for name in node.inputs if name is not None)}
        return frozenset(made & read)


def regions(graph: Graph) -> Iterator[Region]:
    """The longest region from the first node on, and behind every node that ends one the next."""
    start = 0
    while start < len(graph.nodes):
        region = _longest(graph, start)
        if len(region.readings) > 1:
            yield region
        start += max(1, len(region.readings))


def region_of(graph: Graph, cut: Cut) -> Region:
    """The region of a cut.

    Raises:
        ValueError: not all of its nodes read rows by windows.
    """
    region = _longest(graph, cut.start)
    if not cut.start < cut.stop <= cut.start + len(region.readings):
        raise ValueError(f"nodes {cut.start} to {cut.stop} cannot be run by rows")
    return region.until(cut.stop)


def _longest(graph: Graph, start: int) -> Region:
    axes: dict[str, int] = {}
    rows: dict[str, int] = {}
    readings: list[Reading] = []
    for node in graph.nodes[start:]:
        computed = [name for name in node.inputs if name is not None and name not in graph.constants]
        for name in computed:
            if name not in axes:
                axis = first_axis(graph.values[name].shape)
                if axis is None:
                    break
                axes[name] = axis
        else:
            found = _reading(graph, node, computed, axes)
            if found is not None:
                readings.append(found)
                axes |= dict.fromkeys(node.outputs, found.axis)
                rows |= dict.fromkeys(node.outputs, found.rows)
                continue
        break
    return Region(graph, start, tuple(readings), axes)


def _reading(graph: Graph, node: Node, computed: list[str], axes: dict[str, int]) -> Reading | None:
    places = {(axes[name], graph.values[name].shape[axes[name]]) for name in computed}
    if len(places) != 1:
        return None
    axis, _ = places.pop()
    found = reading(signature(graph, node), node, axis)
    if found is None:
        return None
    shapes = [graph.values[output].shape for output in node.outputs]
    return found if all(math.prod(shape[: found.axis]) == 1 for shape in shapes) else None


def first_axis(shape: Shape) -> int | None:
    """The first dimension of more than one, whose parts are contiguous; None for vectors."""
    return next((axis for axis, extent in enumerate(shape[:-1]) if extent > 1), None)
