# SPDX-License-Identifier: Apache-2.0
"""Operators that only move elements: one call fills the background, further ones copy from each input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from milliwatt.lower.program import Argument, KernelCall, Overlap, Read, Table, Write
from milliwatt.lower.site import Site
from milliwatt.lower.strided_box import RANK, Box, boxes, overlap_distance
from milliwatt.ops.operator import Array, Move

_FIELDS = (
    *(f"extent_{axis}" for axis in range(RANK)),
    "input_offset",
    *(f"input_stride_{axis}" for axis in range(RANK)),
    "output_offset",
    *(f"output_stride_{axis}" for axis in range(RANK)),
)


def matches(site: Site) -> bool:
    """Every operator that says which elements it moves."""
    return site.operator.moves is not None


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The fill, then one call for each pair of input and output, in the order of the moves."""
    if site.operator.moves is None:
        raise ValueError(f"{site.node.op} does not say what it moves")
    calls = []
    if site.operator.fill is not None:
        calls.append(fill(site, site.operator.fill(site.signature)))
    for (source, target), moves in groupby(site.operator.moves(site.signature), key=_ends):
        calls.extend(_copies(site, source, target, tuple(moves)))
    yield _named_last(site, calls)


def fill(site: Site, value: int | float) -> KernelCall:
    """Every element of output 0 becomes ``value``."""
    kind = site.signature.outputs[0]
    pattern = np.resize(np.array([value], kind.dtype.numpy).view(np.uint8), 8).view(np.int32)
    params: dict[str, int | float] = {
        "words": kind.bytes // 4,
        "tail": kind.bytes % 4,
        "even": int(pattern[0]),
        "odd": int(pattern[1]),
    }
    return site.call("mw_fill", params, (Write(site.node.outputs[0], "uint32_t"),))


def _ends(move: Move) -> tuple[int, int]:
    return move.input, move.output


def _copies(site: Site, source: int, target: int, moves: tuple[Move, ...]) -> Iterator[KernelCall]:
    element_bytes = site.signature.outputs[target].dtype.bytes
    parts = tuple(box for move in moves for box in boxes(move, element_bytes))
    for width, same in groupby(parts, key=lambda box: box.width):
        group = tuple(same)
        pointers = (
            source_as_units(site, source, width),
            Write(site.node.outputs[target], f"uint{8 * width}_t"),
        )
        yield _copy(site, width, group, pointers)


def _copy(site: Site, width: int, parts: tuple[Box, ...], pointers: tuple[Argument, Write]) -> KernelCall:
    overlaps = _overlaps(parts, *pointers)
    if len(parts) == 1:
        params = dict(zip(_FIELDS, parts[0].words, strict=True))
        return site.call(f"mw_move_{width}", {**params}, pointers, overlaps=overlaps)
    table = Table("boxes", np.array([part.words for part in parts], np.int32))
    return site.call(f"mw_move_boxes_{width}", {"count": len(parts)}, (*pointers, table), overlaps=overlaps)


def source_as_units(site: Site, index: int, width: int) -> Argument:
    """Input ``index`` as a pointer to unsigned integers of ``width`` bytes, whatever its element type."""
    pointer = site.read(index)
    c_type = f"uint{8 * width}_t"
    return (
        Table(pointer.role, as_units(pointer.array, width), c_type)
        if isinstance(pointer, Table)
        else Read(str(site.node.inputs[index]), c_type)
    )


def as_units(array: Array, width: int) -> Array:
    """The bytes of a constant as unsigned integers of ``width`` bytes; zeros fill the last one."""
    raw = np.frombuffer(array.tobytes(), np.uint8)
    padded = np.concatenate([raw, np.zeros(-len(raw) % width, np.uint8)])
    units: Array = padded.view(f"<u{width}")
    return units


def _overlaps(parts: tuple[Box, ...], source: Argument, target: Write) -> tuple[Overlap, ...]:
    if not isinstance(source, Read):
        return ()
    distance = overlap_distance(parts)
    return () if distance is None else (Overlap(source.value, target.value, distance),)


def _named_last(site: Site, calls: list[KernelCall]) -> tuple[KernelCall, ...]:
    """The calls, where only the last one that writes an output names it."""
    finished: set[str] = set()
    named: list[KernelCall] = []
    for call in reversed(calls):
        fresh = tuple(value for value in call.writes if value not in finished)
        finished.update(fresh)
        named.append(replace(call, outputs=fresh))
    return tuple(reversed(named))
