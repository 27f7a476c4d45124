# SPDX-License-Identifier: Apache-2.0
"""MIRROR_PAD: a border that mirrors the tensor, with its edge (SYMMETRIC) or without it (REFLECT)."""

from __future__ import annotations

from itertools import product

import numpy as np

from milliwatt.ir import DType
from milliwatt.ops.operator import Array, Attribute, Call, Move, Operator, Signature, as_output
from milliwatt.ops.pad import pair_per_axis, pairs, shapes
from milliwatt.ops.strided_view import INDEX, View, constant_input, move, rows

DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
MODES = ("REFLECT", "SYMMETRIC")

Segment = tuple[int, int, int, int]
"""First index of the output, first index of the input, extent, and step (1 or -1) along one axis."""


def mode(signature: Signature) -> bool:
    """The mode is REFLECT or SYMMETRIC."""
    return signature.attrs["mode"] in MODES


def mirrored_once(signature: Signature) -> bool:
    """No padding is longer than what can be mirrored: the extent, less 1 for REFLECT."""
    edge = _edge(signature)
    zipped = zip(signature.input(0).shape, pairs(signature), strict=True)
    return all(max(pair) <= extent - edge for extent, pair in zipped)


def _edge(signature: Signature) -> int:
    return 1 if signature.attrs["mode"] == "REFLECT" else 0


def evaluate(call: Call) -> tuple[Array, ...]:
    """NumPy's pad."""
    if call.signature.attrs["mode"] == "REFLECT":
        return (as_output(np.pad(call.input(0), pairs(call.signature), mode="reflect"), call.signature),)
    return (as_output(np.pad(call.input(0), pairs(call.signature), mode="symmetric"), call.signature),)


def moves(signature: Signature) -> tuple[Move, ...]:
    """Every combination of the mirrored front, the middle and the mirrored back of each axis."""
    target_shape, edge = shapes(signature)[0], _edge(signature)
    zipped = zip(signature.input(0).shape, pairs(signature), strict=True)
    per_axis = [_segments(extent, before, after, edge) for extent, (before, after) in zipped]
    parts = []
    for segments in product(*per_axis):
        source, target = View.of(signature.input(0).shape), View.of(target_shape)
        for axis, (to, start, extent, step) in enumerate(segments):
            source, target = source.sliced(axis, start, extent, step), target.sliced(axis, to, extent)
        parts.append(move(source, target))
    return tuple(parts)


def _segments(extent: int, before: int, after: int, edge: int) -> list[Segment]:
    segments = [(0, before - 1 + edge, before, -1), (before, 0, extent, 1)]
    segments.append((before + extent, extent - 1 - edge, after, -1))
    return [segment for segment in segments if segment[2] > 0]


OPERATOR = Operator(
    name="MIRROR_PAD",
    summary="A border that mirrors the tensor, with its edge (SYMMETRIC) or without it (REFLECT).",
    attributes={"mode": Attribute("enum", "REFLECT", enum="MirrorPadMode")},
    types=rows(INDEX, dtypes=DTYPES),
    constraints=(constant_input(1, "padding"), pair_per_axis, mode, mirrored_once),
    shapes=shapes,
    evaluate=evaluate,
    moves=moves,
)
