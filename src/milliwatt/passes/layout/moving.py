# SPDX-License-Identifier: Apache-2.0
"""Operators that move elements along axes that they name: their axes may stand in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import (
    Signature,
    arg_extreme,
    concatenation,
    gather,
    pack,
    reverse_v2,
    split,
    split_v,
    unpack,
)
from milliwatt.ops.strided_slice import entries
from milliwatt.passes.layout.freedom import Freedom, Operand, Parts, Permutation

Array = npt.NDArray[Any]


def _operand(kind_shape: tuple[int, ...], rank: int, dropped: tuple[int, ...] = ()) -> Operand:
    """An operand that has all axes but the dropped ones, in their order."""
    return Operand(kind_shape, tuple(axis for axis in range(rank) if axis not in dropped))


def _like(array: Array | None, values: list[int]) -> Array:
    """Integers in the element type and shape of a constant input."""
    if array is None:
        raise ValueError("the axes are not constant")
    return np.array(values, array.dtype).reshape(array.shape)


def _concatenation(kind: Signature) -> Freedom:
    axis, rank = concatenation.axis_of(kind), len(kind.outputs[0].shape)
    inputs = {index: _operand(kind.input(index).shape, rank) for index in range(len(kind.inputs))}
    return Freedom(
        rank,
        inputs,
        {0: _operand(kind.outputs[0].shape, rank)},
        parts=lambda permutation: Parts(attrs={"axis": permutation.index(axis)}),
    )


def _pack(kind: Signature) -> Freedom:
    axis, rank = pack.axis_of(kind), len(kind.outputs[0].shape)
    inputs = {index: _operand(kind.input(index).shape, rank, (axis,)) for index in range(len(kind.inputs))}
    return Freedom(
        rank,
        inputs,
        {0: _operand(kind.outputs[0].shape, rank)},
        parts=lambda permutation: Parts(attrs={"axis": permutation.index(axis)}),
    )


def _unpack(kind: Signature) -> Freedom:
    axis, rank = unpack.axis_of(kind), len(kind.input(0).shape)
    outputs = {index: _operand(output.shape, rank, (axis,)) for index, output in enumerate(kind.outputs)}
    return Freedom(
        rank,
        {0: _operand(kind.input(0).shape, rank)},
        outputs,
        parts=lambda permutation: Parts(attrs={"axis": permutation.index(axis)}),
    )


def _split(kind: Signature) -> Freedom:
    """SPLIT and SPLIT_V: the data's index, the index of the constant axis."""
    data, place = (1, 0) if kind.op == "SPLIT" else (0, 2)
    axis = split.axis_of(kind) if kind.op == "SPLIT" else split_v.axis_of(kind)
    rank = len(kind.input(data).shape)
    return Freedom(
        rank,
        {data: _operand(kind.input(data).shape, rank)},
        {index: _operand(output.shape, rank) for index, output in enumerate(kind.outputs)},
        parts=lambda permutation: Parts(
            constants={place: _like(kind.constant(place), [permutation.index(axis)])}
        ),
    )


def _per_axis(*places: int) -> Callable[[Signature], Freedom]:
    """Operators with one row of constants per axis: SLICE, PAD, TILE, …"""

    def freedom(kind: Signature) -> Freedom:
        rank = len(kind.input(0).shape)

        def parts(permutation: Permutation) -> Parts:
            constants = {}
            for place in places:
                array = kind.constant(place)
                if array is None:
                    raise ValueError(f"input {place} of {kind.op} is not constant")
                constants[place] = array.reshape(rank, -1)[list(permutation)].reshape(array.shape)
            return Parts(constants=constants)

        inputs = {0: _operand(kind.input(0).shape, rank)}
        return Freedom(rank, inputs, {0: _operand(kind.outputs[0].shape, rank)}, parts=parts)

    return freedom


def _broadcast_to(kind: Signature) -> Freedom:
    shape, wanted = kind.input(0).shape, kind.outputs[0].shape
    rank, array = len(wanted), kind.constant(1)
    aligned = Operand(shape, tuple(range(rank - len(shape), rank)), padded=True)
    return Freedom(
        rank,
        {0: aligned},
        {0: _operand(wanted, rank)},
        parts=lambda permutation: Parts(constants={1: _like(array, [wanted[axis] for axis in permutation])}),
    )


def _strided_slice(kind: Signature) -> Freedom | None:
    """Without `...` and new axes; axes that are not named are taken whole."""
    places, rank = entries(kind), len(kind.input(0).shape)
    if any(entry.ellipsis or entry.new_axis for entry in places):
        return None
    dropped = tuple(axis for axis, entry in enumerate(places) if entry.shrink)

    def parts(permutation: Permutation) -> Parts:
        columns = [[0, 0, 1]] * rank
        columns[: len(places)] = [[entry.begin, entry.end, entry.stride] for entry in places]
        flags = [(True, True, False)] * rank
        flags[: len(places)] = [(entry.open_begin, entry.open_end, entry.shrink) for entry in places]
        constants = {}
        for index in range(3):
            array = kind.constant(1 + index)
            dtype = np.int32 if array is None else array.dtype
            constants[1 + index] = np.array([columns[axis][index] for axis in permutation], dtype)
        masks = (sum(flags[axis][bit] << place for place, axis in enumerate(permutation)) for bit in range(3))
        names = ("begin_mask", "end_mask", "shrink_axis_mask")
        return Parts(attrs=dict(zip(names, masks, strict=True)), constants=constants)

    if kind.attrs["offset"] and len(places) < rank:
        return None
    inputs = {0: _operand(kind.input(0).shape, rank)}
    return Freedom(rank, inputs, {0: _operand(kind.outputs[0].shape, rank, dropped)}, parts=parts)


def _arg_extreme(kind: Signature) -> Freedom:
    axis, rank = arg_extreme.axis_of(kind), len(kind.input(0).shape)
    return Freedom(
        rank,
        {0: _operand(kind.input(0).shape, rank)},
        {0: _operand(kind.outputs[0].shape, rank, (axis,))},
        parts=lambda permutation: Parts(constants={1: _like(kind.constant(1), [permutation.index(axis)])}),
    )


def _gather(kind: Signature) -> Freedom | None:
    """By one index or one row of indices."""
    axis, rank, indices = gather.axis_of(kind), len(kind.input(0).shape), kind.input(1).shape
    if len(indices) > 1 or gather.batch_dims_of(kind) != 0:
        return None
    return Freedom(
        rank,
        {0: _operand(kind.input(0).shape, rank)},
        {0: _operand(kind.outputs[0].shape, rank, () if indices else (axis,))},
        parts=lambda permutation: Parts(attrs={"axis": permutation.index(axis)}),
    )


def _reverse(kind: Signature) -> Freedom:
    axes, rank = reverse_v2.axes_of(kind), len(kind.input(0).shape)
    return Freedom(
        rank,
        {0: _operand(kind.input(0).shape, rank)},
        {0: _operand(kind.outputs[0].shape, rank)},
        parts=lambda permutation: Parts(
            constants={1: _like(kind.constant(1), [permutation.index(axis) for axis in axes])}
        ),
    )


MOVING: dict[str, Callable[[Signature], Freedom | None]] = {
    "ARG_MAX": _arg_extreme,
    "ARG_MIN": _arg_extreme,
    "BROADCAST_TO": _broadcast_to,
    "CONCATENATION": _concatenation,
    "GATHER": _gather,
    "MIRROR_PAD": _per_axis(1),
    "PACK": _pack,
    "PAD": _per_axis(1),
    "PADV2": _per_axis(1),
    "REVERSE_V2": _reverse,
    "SLICE": _per_axis(1, 2),
    "SPLIT": _split,
    "SPLIT_V": _split,
    "STRIDED_SLICE": _strided_slice,
    "TILE": _per_axis(1),
    "UNPACK": _unpack,
}
