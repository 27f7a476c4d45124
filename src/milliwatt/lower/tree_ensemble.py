# SPDX-License-Identifier: Apache-2.0
"""TREE_ENSEMBLE: as code that compares elements, as code that compares their ranks, or as tables that a loop reads.

Comparing an element takes no preparation, but a constant of up to 32 bits in every node. Ranks (an element's place
among the thresholds of its column, found by binary search once a run) make constants of 8 bits. Both are without
loss: x <= t exactly where as many thresholds below x as below t, or fewer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.byte_view import as_bytes
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tree_streams import Stream, plain_stream, ranked_stream
from milliwatt.lower.tree_tables import Forest, Ranks, forest_of, ranks_of

OPERATORS = ("TREE_ENSEMBLE",)

_SOURCES = {DType.FLOAT32: 0, DType.INT16: 1, DType.INT8: 2, DType.UINT8: 3}

_MOST_NESTED = 60
"""Levels of blocks that code may have; C99 compilers take 127."""

_MOST_CODE = 20_000
"""Nodes that are written as code: compilers take about a minute for so many."""


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """Code on elements, code on ranks, tables; tables first where flash counts."""
    forest = forest_of(site.signature)
    ranks = ranks_of(forest)
    if site.optimize == "flash":
        yield from _walk(site, forest, ranks)
    if forest.depth() <= _MOST_NESTED and forest.nodes <= _MOST_CODE:
        if not _looks_for_nan(site, forest):
            yield (_code(site, forest, None),)
        if ranks.most <= 255:
            yield (_code(site, forest, ranks),)
    if site.optimize != "flash":
        yield from _walk(site, forest, ranks)


def _common(site: Site, forest: Forest) -> dict[str, int | float]:
    rows, features = site.signature.input(0).shape
    return {
        "rows": rows,
        "features": features,
        "source": _SOURCES[site.signature.input(0).dtype],
        "outputs": site.signature.outputs[0].shape[1],
        "mode": forest.leaves.mode,
        "whole": forest.leaves.whole,
    }


def _rank_tables(ranks: Ranks) -> tuple[Table, Table, Table]:
    return (
        Table("columns", ranks.columns.astype(np.uint16)),
        Table("begins", ranks.begins.astype(np.uint16)),
        Table("keys", (ranks.keys if ranks.keys.size else np.zeros(1)).astype(np.int32)),
    )


def _code(site: Site, forest: Forest, ranks: Ranks | None) -> KernelCall:
    column, key = (forest.column, forest.key) if ranks is None else (ranks.place, ranks.rank)
    tests = np.stack([column, key, forest.left, forest.right], axis=1)
    columns = 0 if ranks is None else len(ranks.columns)
    empty = Ranks(*(np.zeros(size, np.int64) for size in (1, 2, 1, 1, 1)))
    params = _common(site, forest) | {"columns": columns, "trees": len(forest.roots)}
    arguments = (
        as_bytes(site.read(0)),
        *_rank_tables(empty if ranks is None else ranks),
        Table("tests", tests.astype(np.int32)),
        Table("trees", np.array([*zip(forest.roots, forest.output, strict=True)] or [(0, 0)], np.int32)),
        Table("leaves", forest.leaves.table),
        Table("base", forest.base),
        Scratch(max(columns, 1), "uint8_t", 1),
        site.write(),
    )
    return site.call("mw_tree_code", params, arguments)


def _walk(site: Site, forest: Forest, ranks: Ranks) -> Iterator[tuple[KernelCall, ...]]:
    """On elements where no column looks for NaN; on ranks of 8 bits if that can be, else of 16."""
    plain = plain_stream(forest, site.signature.input(0).dtype)
    if plain is not None and not _looks_for_nan(site, forest):
        arguments = (as_bytes(site.read(0)), *_walk_tables(site, forest, plain), site.write())
        yield (site.call("mw_tree_walk_plain", _common(site, forest), arguments),)
    for width in (8, 16):
        stream = ranked_stream(forest, ranks, width)
        if stream is not None:
            params = _common(site, forest) | {"columns": len(ranks.columns)}
            arguments = (
                as_bytes(site.read(0)),
                *_rank_tables(ranks),
                *_walk_tables(site, forest, stream),
                Scratch(max(len(ranks.columns), 1) * width // 8, f"uint{width}_t", width // 8),
                site.write(),
            )
            yield (site.call(f"mw_tree_walk_{width}", params, arguments),)
            return


def _looks_for_nan(site: Site, forest: Forest) -> bool:
    features = site.signature.input(0).shape[1]
    return any(forest.column[node] >= features for root in forest.roots for node in forest.order(root))


def _walk_tables(site: Site, forest: Forest, stream: Stream) -> tuple[Table, ...]:
    outputs = site.signature.outputs[0].shape[1]
    ends = np.searchsorted(np.array(forest.output), np.arange(outputs), side="right")
    return (
        Table("nodes", stream.units),
        Table("starts", stream.starts),
        Table("ends", ends.astype(np.uint16)),
        Table("leaves", forest.leaves.table),
        Table("base", forest.base),
    )
