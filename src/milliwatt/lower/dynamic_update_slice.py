# SPDX-License-Identifier: Apache-2.0
"""DYNAMIC_UPDATE_SLICE, over its operand where the plan allows, else behind a copy; ASSIGN_VARIABLE_SLICE in place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape, TensorType
from milliwatt.lower.program import Argument, KernelCall, Overlap, Read, StateArg, Table, Write
from milliwatt.lower.residence import resident_state
from milliwatt.lower.site import Site
from milliwatt.lower.strided_box import RANK, Box, boxes
from milliwatt.lower.strided_moves import source_as_units
from milliwatt.ops.operator import Move

OPERATORS = ("ASSIGN_VARIABLE_SLICE", "DYNAMIC_UPDATE_SLICE")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """By words where all addresses allow, else by bytes."""
    yield _on_state(site) if site.node.states else (_on_value(site),)


def _on_value(site: Site) -> KernelCall:
    kind, part = site.signature.input(0), site.signature.input(1)
    box = update_box(kind, part)
    operand, output = site.node.inputs[0], site.node.outputs[0]
    source = source_as_units(site, 0, box.width)
    target = Write(output, f"uint{8 * box.width}_t")
    pointers = (source, source_as_units(site, 1, box.width), target)
    overlaps: tuple[Overlap, ...] = ()
    if isinstance(source, Read) and operand not in site.node.inputs[1:]:
        overlaps = (Overlap(source.value, output, 0, exact=True),)
    return _call(site, box, kind, pointers, overlaps=overlaps)


def _on_state(site: Site) -> tuple[KernelCall, ...]:
    """A copy follows where the output lies elsewhere."""
    kind = site.signature.states[0]
    box = update_box(kind, site.signature.input(0))
    state = StateArg(site.node.states[0], f"uint{8 * box.width}_t")
    call = _call(site, box, kind, (state, source_as_units(site, 0, box.width), state))
    if resident_state(site.graph, site.node) is not None:
        return (call,)
    source, target = StateArg(site.node.states[0], "uint8_t"), Write(site.node.outputs[0], "uint8_t")
    return replace(call, outputs=()), site.call("mw_copy", {"bytes": kind.bytes}, (source, target))


def _call(
    site: Site,
    box: Box,
    kind: TensorType,
    pointers: tuple[Argument, ...],
    *,
    overlaps: tuple[Overlap, ...] = (),
) -> KernelCall:
    place = len(site.node.inputs) - 1
    varies = site.signature.constant(place) is None
    words = box.words
    params: dict[str, int | float] = {
        **{f"extent_{axis}": extent for axis, extent in enumerate(words[:RANK])},
        **{f"input_stride_{axis}": step for axis, step in enumerate(words[RANK + 1 : 2 * RANK + 1])},
        **{f"output_stride_{axis}": step for axis, step in enumerate(words[2 * RANK + 2 :])},
        "units": kind.bytes // box.width,
        "depth": len(kind.shape),
        "index_words": 2 if varies and site.signature.input(place).dtype is DType.INT64 else 1,
    }
    tables = (_starts(site, place), Table("axes", _axes(kind, site.signature.input(place - 1).shape)))
    return site.call(f"mw_update_slice_{box.width}", params, (*pointers, *tables), overlaps=overlaps)


def strides(kind: TensorType) -> list[int]:
    """Bytes from one index to the next along each axis."""
    return [kind.dtype.bytes * math.prod(kind.shape[axis + 1 :]) for axis in range(len(kind.shape))]


def update_box(whole: TensorType, part: TensorType) -> Box:
    """The update as a box of words or bytes that starts at the beginning of the whole."""
    width = part.dtype.bytes
    steps = strides(whole)
    [box] = boxes(Move(1, 0, (*part.shape, width), 0, (*strides(part), 1), 0, (*steps, 1)), 1)
    # The place where it starts must be a multiple of the width too.
    if box.width == 4 and math.gcd(4, whole.bytes, *steps) == 4:
        return box
    return Box(1, (*box.dimensions, (box.width, 1, 1)), box.input_offset, box.output_offset)


def _axes(whole: TensorType, part: Shape) -> npt.NDArray[Any]:
    """Places where the update may start, and bytes from one to the next, for every axis."""
    room = [large - small + 1 for large, small in zip(whole.shape, part, strict=True)]
    return np.array(list(zip(room, strides(whole), strict=True)), np.int32)


def _starts(site: Site, place: int) -> Argument:
    constant = site.signature.constant(place)
    if constant is not None:
        return Table("starts", np.clip(constant, 0, np.iinfo(np.int32).max).astype(np.int32))
    return Read(str(site.node.inputs[place]), "int32_t")
