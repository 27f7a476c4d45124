# SPDX-License-Identifier: Apache-2.0
"""RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE, TILE, BROADCAST_TO, REVERSE_V2, FILL and SHAPE."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from milliwatt.ir import AttrValue, DType
from milliwatt.ops.fill import DTYPES as FILLABLE
from milliwatt.ops.strided_view import MOVABLE
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe

ALL = (*MOVABLE,)


def operand(build: GraphBuilder, numbers: Sequence[int] | int) -> str:
    """A constant of indices, extents or axes."""
    return build.constant(np.array(numbers, np.int32))


def same(
    build: GraphBuilder, op: str, inputs: Sequence[str], data: str, **attrs: AttrValue
) -> tuple[str, ...]:
    """A node whose outputs have the element type and the quantisation of ``data``."""
    kind = build.type_of(data)
    return build.node(op, inputs, attrs=attrs, dtype=kind.dtype, quant=kind.quant)


def reshape(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """A random factorisation of the size, sometimes with one extent left open."""
    data = build.value(dtype)
    rest, extents = math.prod(build.type_of(data).shape), []
    for _ in range(build.integer(0, 3)):
        factor = build.choice([number for number in range(1, rest + 1) if rest % number == 0])
        extents.append(factor)
        rest //= factor
    extents.insert(build.integer(0, len(extents)), rest)
    if build.random.random() < 0.5:
        extents[build.integer(0, len(extents) - 1)] = -1
    if build.random.random() < 0.5:
        return same(build, "RESHAPE", (data, operand(build, extents)), data, new_shape=())
    return same(build, "RESHAPE", (data,), data, new_shape=tuple(extents))


def squeeze(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """All extents of 1, or some of them."""
    data = build.value(dtype, shape=(1, build.integer(2, 7), 1, build.integer(1, 5)))
    axes = build.choice([(), (0,), (2,), (0, 2), (-2, 0)])
    return same(build, "SQUEEZE", (data,), data, squeeze_dims=axes)


def expand_dims(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any axis, counted from either end."""
    data = build.value(dtype, rank=build.integer(1, 4))
    rank = len(build.type_of(data).shape)
    return same(build, "EXPAND_DIMS", (data, operand(build, build.integer(-rank - 1, rank))), data)


def transpose(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any permutation of up to five axes."""
    data = build.value(dtype, rank=build.integer(2, 5))
    order = build.random.permutation(len(build.type_of(data).shape))
    return same(build, "TRANSPOSE", (data, operand(build, order.tolist())), data)


def tile(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """One to three repetitions of each axis."""
    data = build.value(dtype, shape=build.shape(build.integer(1, 4), largest=5))
    times = [build.integer(1, 3) for _ in build.type_of(data).shape]
    return same(build, "TILE", (data, operand(build, times)), data)


def broadcast_to(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Some extents of 1 repeated, and some axes added in front."""
    wanted = build.shape(build.integer(1, 4), largest=6)
    extents = [1 if build.random.random() < 0.5 else extent for extent in wanted]
    data = build.value(dtype, shape=tuple(extents[build.integer(0, len(extents) - 1) :]))
    return same(build, "BROADCAST_TO", (data, operand(build, wanted)), data)


def reverse(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """One axis."""
    data = build.value(dtype, rank=build.integer(1, 4))
    axis = build.integer(0, len(build.type_of(data).shape) - 1)
    return same(build, "REVERSE_V2", (data, operand(build, [axis])), data)


def fill(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """A value that is known only when the model runs."""
    data = build.value(dtype, shape=(1,))
    value = same(build, "RESHAPE", (data,), data, new_shape=(0,))[0]
    return same(build, "FILL", (operand(build, build.shape(build.integer(1, 4))), value), value)


def shape(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """int32 or int64 extents."""
    data = build.value(dtype, rank=build.integer(1, 4))
    kind = build.choice([DType.INT32, DType.INT64])
    return build.node("SHAPE", (data,), attrs={"out_type": kind.name}, dtype=kind)


RECIPES = (
    Recipe("RESHAPE", reshape, ALL),
    Recipe("SQUEEZE", squeeze, ALL),
    Recipe("EXPAND_DIMS", expand_dims, ALL),
    Recipe("TRANSPOSE", transpose, ALL),
    Recipe("TILE", tile, ALL),
    Recipe("BROADCAST_TO", broadcast_to, ALL),
    Recipe("REVERSE_V2", reverse, ALL),
    Recipe("FILL", fill, FILLABLE),
    Recipe("SHAPE", shape, ALL),
)
