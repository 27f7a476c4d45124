# SPDX-License-Identifier: Apache-2.0
"""A graph in bands of rows gives what the graph gives, in NumPy's meaning, in C and on the emulated core."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tests.bands.chains import random_chain

from milliwatt.bands import Cut, Region, in_bands, regions
from milliwatt.ir import Graph
from milliwatt.ops import find, signature
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.testing.builder import sample
from milliwatt.testing.differential import compare


def cuts(region: Region) -> list[Cut]:
    """Every end of a region, with bands of one row, of some, and of random ones."""
    random = np.random.default_rng(len(region.readings))
    found = []
    for length in range(1, len(region.readings) + 1):
        rows = region.readings[length - 1].rows
        for height in {1, 2, 3, rows // 2} - {0}:
            whole, rest = divmod(rows, height)
            found.append(
                Cut(region.start, region.start + length, (height,) * whole + ((rest,) if rest else ()))
            )
        edges = sorted({0, rows, *(int(one) for one in random.integers(0, rows + 1, 3))})
        bands = tuple(end - begin for begin, end in pairwise(edges))
        found.append(Cut(region.start, region.start + length, bands))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_every_value_outside_is_the_same(seed: int) -> None:
    graph = random_chain(seed)
    random = np.random.default_rng(seed)
    inputs = [sample(random, graph.values[name]) for name in graph.inputs]
    expected = Interpreter(graph).values(inputs)
    for region in regions(graph):
        for cut in cuts(region):
            values = Interpreter(in_bands(graph, cut)).values(inputs)
            for name in set(values) & set(expected) - set(graph.constants):
                np.testing.assert_array_equal(values[name], expected[name], err_msg=f"{cut} {name}")


def test_no_row_is_computed_twice() -> None:
    """The multiply-accumulates of all bands are those of the graph."""

    def macs(graph: Graph) -> int:
        return sum(find(node.op).macs(signature(graph, node)) for node in graph.nodes)

    for seed in range(10):
        graph = random_chain(seed)
        region = next(regions(graph))
        for cut in cuts(region):
            made = in_bands(graph, cut)
            assert macs(made) <= macs(graph)
            if region.until(cut.stop).leaving() >= {
                output for node in region.until(cut.stop).nodes for output in node.outputs
            }:
                assert macs(made) == macs(graph)


@pytest.mark.parametrize("seed", range(9))
def test_c_agrees(seed: int) -> None:
    """Lowered and planned with rows inside of buffers; the plan's checker has run."""
    graph = optimise(random_chain(seed))
    region = next(regions(graph))
    found = cuts(region)
    words = ("host", "emulator") if seed < 2 else ("host",)
    compare(in_bands(graph, found[(3 * seed) % len(found)]), implementations=words, optimize="ram", samples=1)


def test_refuses_what_is_no_region() -> None:
    graph = random_chain(0)
    with pytest.raises(ValueError, match="cannot be run by rows"):
        in_bands(graph, Cut(0, len(graph.nodes) + 1, (1, 1)))
    rows = next(regions(graph)).readings[0].rows
    with pytest.raises(ValueError, match="do not make"):
        in_bands(graph, Cut(0, 1, (rows, 1)))
