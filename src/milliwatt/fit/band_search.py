# SPDX-License-Identifier: Apache-2.0
"""Which layers to run in bands of rows: outlines of many cuts are compared, kernels are measured for the best few.

An outline has the values of the graph in bands and no scratch; its bound takes some milliseconds. It says which cuts
can lower the arena at all. What they cost in time, and what scratch kernels take, is only known with kernels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from milliwatt.bands import Cut, Region, in_bands, regions
from milliwatt.bands.rewrite import outline
from milliwatt.errors import UnsupportedError
from milliwatt.fit.descent import Descent, Point
from milliwatt.fit.measured_cost import MeasuredCost
from milliwatt.ir import Graph, Node
from milliwatt.lower.alternatives import Alternatives
from milliwatt.lower.homes import homes
from milliwatt.lower.program import Argument, KernelCall, Overlap, Program, Read, Write
from milliwatt.ops import Numerics, find
from milliwatt.pipeline import Options, lowered, transformed
from milliwatt.plan.lower_bound import lower_bound

_COARSE = (4, 8, 16)
_FINE = (2, 3, 4, 6, 8, 12, 16, 24)
"""Numbers of bands that are tried at every layer, and at the layers where these went well."""

_LAYERS = 4
"""Layers at which the region may end that are looked at closely."""

_MEASURED = 3
"""Cuts for which kernels are measured."""

_WORTH = 0.95
"""Bands must lower the arena to so many times its size."""

_CLOSE = 1.02
"""Of cuts and kernels whose arenas differ by less, the fastest is taken."""


@dataclass(frozen=True)
class Banded:
    """A cut with its kernels.

    Attributes:
        cut: the bands.
        point: the kernels, with the bound of their arena and the time of all layers.
    """

    cut: Cut
    point: Point


def best_in_bands(
    graph: Graph, options: Options, measure: MeasuredCost, *, arena: int, slowdown: float, limit: int | None
) -> Banded | None:
    """The bands of the smallest arena, or the fastest ones whose arena is within a limit.

    Args:
        graph: an imported graph.
        options: what the user chose, without bands.
        measure: what kernels cost.
        arena: bytes without bands.
        slowdown: how many times the time of the fastest kernels without bands it may take; a limit goes before it.
        limit: bytes that the arena may have, or None.

    Returns:
        None where no bands make the arena notably smaller.
    """
    ready = transformed(graph, options)
    fastest = next(Descent(_alternatives(ready, options), measure, in_bands=True).walk()).time
    most = int(arena * _WORTH) if limit is None else min(limit, arena)
    found: list[Banded] = []
    for cut in islice(_promising(ready, most), _MEASURED):
        path = Descent(_alternatives(in_bands(ready, cut), options), measure, in_bands=True).walk()
        found += [Banded(cut, point) for point in path]
    within = [one for one in found if limit is not None and one.point.arena <= limit]
    if not within:
        quick = [one for one in found if one.point.time <= slowdown * fastest and one.point.arena <= most]
        least = min((one.point.arena for one in quick), default=0)
        within = [one for one in quick if one.point.arena <= _CLOSE * least]
    return min(within, key=lambda one: (one.point.time, one.point.arena), default=None)


def _alternatives(graph: Graph, options: Options) -> Alternatives:
    """What there is to choose for a graph, as lowering hands it to the choice."""
    seen: list[Alternatives] = []

    def look(alternatives: Alternatives) -> Sequence[int]:
        seen.append(alternatives)
        return alternatives.best_by_rule

    lowered(graph, options, choose=look)
    return seen[0]


def _promising(graph: Graph, limit: int) -> Iterator[Cut]:
    """Cuts whose outlines need at most ``limit`` bytes, the smallest first."""
    cuts = [(region, cut) for region in regions(graph) for cut in _cuts(region, _COARSE)]
    stops = {(cut.start, cut.stop): region for region, cut in cuts}
    coarse = _bounds(graph, [(region, cut) for region, cut in cuts])
    places = list(dict.fromkeys((cut.start, cut.stop) for size, cut in coarse if size <= limit))[:_LAYERS]
    fine = [
        (stops[place], cut)
        for place in places
        for cut in _cuts(stops[place], _FINE)
        if (cut.start, cut.stop) == place
    ]
    seen: set[int] = set()
    for size, cut in _bounds(graph, fine):
        # Cuts with one bound differ in nothing that matters for it; the first has the fewest bands.
        if size <= limit and size not in seen:
            seen.add(size)
            yield cut


def _cuts(region: Region, counts: tuple[int, ...]) -> Iterator[Cut]:
    """Cuts behind every node of a region, in bands of equal height but for the first and the last."""
    for length in range(2, len(region.readings) + 1):
        rows = region.readings[length - 1].rows
        heights = dict.fromkeys(-(-rows // count) for count in counts if count <= rows)
        for height in heights:
            for first in dict.fromkeys((height, max(1, height // 2), 1)):
                whole, rest = divmod(rows - first, height)
                bands = (first, *[height] * whole, *([rest] if rest else []))
                if len(bands) > 1:
                    yield Cut(region.start, region.start + length, bands)


def _bounds(graph: Graph, cuts: list[tuple[Region, Cut]]) -> list[tuple[int, Cut]]:
    """The bound of each cut's outline, sorted; among equal ones the fewest bands come first."""
    found = []
    for region, cut in cuts:
        try:
            whole = outline(region.until(cut.stop), cut.heights)
        except UnsupportedError:
            continue
        found.append((lower_bound(_sketch(whole)), cut))
    return sorted(found, key=lambda one: (one[0], len(one[1].heights), one[1].stop))


def _sketch(graph: Graph) -> Program:
    """A program of one call for each node, without scratch; element-wise ones work in place."""
    placed = homes(graph)
    calls = tuple(_call(graph, node) for index, node in enumerate(graph.nodes) if index not in placed.still)
    return Program(
        graph=graph,
        calls=calls,
        buffer_of=placed.buffer_of,
        core="",
        numerics=Numerics.LITERT,
        begin_of=placed.begin_of,
        state_of=placed.state_of,
    )


def _call(graph: Graph, node: Node) -> KernelCall:
    reads = [name for name in dict.fromkeys(node.inputs) if name is not None and name not in graph.constants]
    sizes = {name: graph.values[name].bytes for name in (*reads, *node.outputs)}
    rules = tuple(
        Overlap(read, write, 0)
        for read in reads
        for write in node.outputs
        if sizes[read] == sizes[write] and _in_place(node)
    )
    arguments: list[Argument] = [Read(name, "uint8_t") for name in reads]
    arguments += [Write(name, "uint8_t") for name in node.outputs]
    return KernelCall("", node.op, node.outputs, {}, tuple(arguments), rules)


def _in_place(node: Node) -> bool:
    operator = find(node.op, where=node.source)
    return operator.elementwise or node.op in ("ADD", "SUB", "MUL", "DEPTHWISE_CONV_2D")
