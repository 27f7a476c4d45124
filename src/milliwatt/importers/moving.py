# SPDX-License-Identifier: Apache-2.0
"""Moves of whole tensors that importers insert: transpositions, reshapes, borders, slices.

A constant is moved at import. So is a constant behind a DEQUANTIZE: the integers are moved, with the axis of
their scales, and the DEQUANTIZE is repeated behind them, so that quantised weights stay recognisable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.ir import DType, Quant, Shape

Array = npt.NDArray[Any]


def transpose(build: GraphBuilder, value: str, permutation: Sequence[int]) -> str:
    """The value with its axes in another order; a reshape where only axes of extent 1 move."""
    order = tuple(int(axis) for axis in permutation)
    shape = build.shape_of(value)
    long_axes = [axis for axis in order if shape[axis] > 1]
    if long_axes == sorted(long_axes):
        return reshape(build, value, [shape[axis] for axis in order])

    def moved_axis(axis: int) -> int:
        return order.index(axis)

    constant = _moved_constant(build, value, lambda array: array.transpose(order), axis=moved_axis)
    if constant is not None:
        return constant
    return build.node(
        "TRANSPOSE", [value, build.integers(order, stem="permutation")], quant=_quant(build, value)
    )


def reshape(build: GraphBuilder, value: str, shape: Sequence[int]) -> str:
    """The value under another shape of as many elements; the value itself where the shape stays.

    Raises:
        ModelError: the shape has another number of elements.
    """
    wanted, found = tuple(int(extent) for extent in shape), build.shape_of(value)
    if wanted == found:
        return value
    if math.prod(wanted) != math.prod(found):
        raise ModelError(f"{list(found)} cannot become {list(wanted)}", where=build.source)

    def kept_axis(axis: int) -> int | None:
        return _same_axis(found, wanted, axis)

    constant = _moved_constant(build, value, lambda array: array.reshape(wanted), axis=kept_axis)
    if constant is not None:
        return constant
    return build.node("RESHAPE", [value], {"new_shape": wanted}, quant=_quant(build, value))


def pad(build: GraphBuilder, value: str, amounts: Sequence[tuple[int, int]], *, border: float = 0.0) -> str:
    """A border around the value: (before, after) for each axis, none of them negative."""
    if not any(before or after for before, after in amounts):
        return value
    table = build.integers((tuple(pair) for pair in amounts), stem="padding")
    kind = build.type_of(value)
    if border == 0.0:
        return build.node("PAD", [value, table], quant=kind.quant)
    number = build.constant(np.array(border, kind.dtype.numpy), stem="border")
    return build.node("PADV2", [value, table, number], quant=kind.quant)


def crop(build: GraphBuilder, value: str, begin: Sequence[int], size: Sequence[int]) -> str:
    """A box of the value; the value itself where it is the whole."""
    if tuple(size) == build.shape_of(value):
        return value
    inputs = [value, build.integers(begin, stem="begin"), build.integers(size, stem="size")]
    return build.node("SLICE", inputs, quant=_quant(build, value))


def _moved_constant(
    build: GraphBuilder,
    value: str,
    move: Callable[[Array], Array],
    *,
    axis: Callable[[int], int | None],
) -> str | None:
    """The moved constant, also behind a DEQUANTIZE; None for values that are computed."""
    array = build.constant_of(value)
    if array is not None:
        quant = _moved_quant(build.type_of(value).quant, axis)
        if quant is None and build.type_of(value).quant is not None:
            return None
        return build.constant(move(array), stem=value, quant=quant)
    maker = build.producer(value)
    if maker is None or maker.op != "DEQUANTIZE":
        return None
    moved = _moved_constant(build, str(maker.inputs[0]), move, axis=axis)
    return None if moved is None else build.node("DEQUANTIZE", [moved], dtype=DType.FLOAT32, stem=value)


def _moved_quant(quant: Quant | None, axis: Callable[[int], int | None]) -> Quant | None:
    if quant is None or quant.axis is None:
        return quant
    moved = axis(quant.axis)
    return None if moved is None else replace(quant, axis=moved)


def _same_axis(before: Shape, after: Shape, axis: int) -> int | None:
    """Which axis of the new shape is this one of the old, None where it is split or merged."""
    front, extent = math.prod(before[:axis]), before[axis]
    for index, found in enumerate(after):
        if math.prod(after[:index]) == front and found == extent:
            return index
    return None


def _quant(build: GraphBuilder, value: str) -> Quant | None:
    return build.type_of(value).quant
