# SPDX-License-Identifier: Apache-2.0
"""Operators with two broadcast inputs of one type: arithmetic, extremes, logic and selection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from milliwatt.ir import DType, Quant, Shape, TensorType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.accumulating import ACTIVATIONS

NUMBERS = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


def partner_shape(build: GraphBuilder, shape: Shape) -> Shape:
    """A shape that broadcasts to ``shape``: equal, a scalar, or with some dimensions 1 or left out."""
    kind = build.integer(0, 3)
    if kind == 0:
        return shape
    if kind == 1:
        return () if build.random.random() < 0.5 else (1,) * len(shape)
    dims = tuple(extent if build.random.random() < 0.6 else 1 for extent in shape)
    return dims[build.integer(0, len(dims)) :] if kind == 2 else dims


def extend(build: GraphBuilder, shape: Shape, against: Shape) -> Shape:
    """Sometimes lengthens dimensions that are 1 in both shapes, so that both inputs are broadcast."""
    opposite = (*(1 for _ in shape), *against)[-len(shape) :] if shape else ()
    return tuple(
        build.integer(1, 3) if extent == facing == 1 and build.random.random() < 0.3 else extent
        for extent, facing in zip(shape, opposite, strict=True)
    )


def other(build: GraphBuilder, kind: TensorType) -> str:
    """A value or constant of that type."""
    if build.random.random() < 0.6:
        return build.value(kind.dtype, shape=kind.shape, quant=kind.quant)
    return build.constant(build.sample(kind), kind.quant)


def pair(build: GraphBuilder, dtype: DType, *, quant: Quant | None = None) -> tuple[str, str]:
    """Two inputs that broadcast, in either order; now and then the same one twice."""
    first = build.value(dtype, rank=build.integer(1, 6), quant=quant)
    if build.random.random() < 0.1:
        return first, first
    against = build.type_of(first).shape
    shape = extend(build, partner_shape(build, against), against)
    scale = quant if quant is not None else build.quant(dtype)
    second = other(build, TensorType(dtype, shape, scale))
    return (first, second) if build.random.random() < 0.7 else (second, first)


def output_quant(build: GraphBuilder, *names: str) -> Quant | None:
    """A scale near the inputs', as a converter would choose it; sometimes far from it."""
    kinds = [build.type_of(name) for name in names]
    if kinds[0].quant is None:
        return None
    largest = max(kind.quant.scale[0] for kind in kinds if kind.quant is not None)
    spread = 3 if build.random.random() < 0.9 else 9
    return build.quant(kinds[0].dtype, scale=largest * 2.0 ** build.random.uniform(-spread, spread))


def sum_or_difference(build: GraphBuilder, op: str, dtype: DType) -> tuple[str, ...]:
    """ADD or SUB."""
    first, second = pair(build, dtype)
    attrs = {"fused_activation_function": build.choice(ACTIVATIONS), "pot_scale_int16": False}
    return build.node(op, (first, second), attrs=attrs, dtype=dtype, quant=output_quant(build, first, second))


def power_of_two(build: GraphBuilder, op: str) -> tuple[str, ...]:
    """ADD or SUB of int16 whose scales are powers of two and whose shapes are equal."""
    exponent, shift, shape = build.integer(-14, -8), build.integer(0, 9), build.shape(build.integer(1, 4))
    scales = [2.0**exponent, 2.0 ** (exponent - shift)]
    first, second = (build.value(DType.INT16, shape=shape, quant=Quant((scale,), (0,))) for scale in scales)
    inputs = (first, second) if build.random.random() < 0.5 else (second, first)
    attrs = {"fused_activation_function": build.choice(ACTIVATIONS), "pot_scale_int16": True}
    return build.node(op, inputs, attrs=attrs, dtype=DType.INT16, quant=Quant((scales[0],), (0,)))


def add(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """ADD with general scales, or powers of two for int16."""
    if dtype is DType.INT16 and build.random.random() < 0.5:
        return power_of_two(build, "ADD")
    return sum_or_difference(build, "ADD", dtype)


def sub(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """SUB with general scales, or powers of two for int16."""
    if dtype is DType.INT16 and build.random.random() < 0.5:
        return power_of_two(build, "SUB")
    return sum_or_difference(build, "SUB", dtype)


def product_quant(build: GraphBuilder, dtype: DType, scale: float) -> Quant | None:
    """A scale near that of a product; LiteRT refuses those that are so fine that 6 does not fit 32 bits."""
    return build.quant(dtype, scale=min(max(scale * 2.0 ** build.random.uniform(-2, 9), 2.0**-24), 2.0**60))


def scale_of(build: GraphBuilder, name: str) -> float:
    """The scale of a quantised value, 1 for others."""
    quant = build.type_of(name).quant
    return 1.0 if quant is None else quant.scale[0]


def mul(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """MUL."""
    first, second = pair(build, dtype)
    scale = scale_of(build, first) * scale_of(build, second)
    attrs = {"fused_activation_function": build.choice(ACTIVATIONS)}
    return build.node(
        "MUL", (first, second), attrs=attrs, dtype=dtype, quant=product_quant(build, dtype, scale)
    )


def squared_difference(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """SQUARED_DIFFERENCE."""
    first, second = pair(build, dtype)
    scale = max(scale_of(build, first), scale_of(build, second)) ** 2
    return build.node(
        "SQUARED_DIFFERENCE", (first, second), dtype=dtype, quant=product_quant(build, dtype, scale)
    )


def divisor(build: GraphBuilder, kind: TensorType, zero: int) -> str:
    """A constant without zeros, by which LiteRT refuses to divide.

    Nor does it hold -1: the lowest integer over -1 does not fit, and LiteRT gives one value or another, depending
    on the number of elements.
    """
    array = build.sample(kind)
    if kind.dtype is not DType.FLOAT32 and zero == 0:
        array = np.where(array == -1, np.ones_like(array), array)
    return build.constant(
        np.where(array == zero, np.ones_like(array) * (zero + 1 if zero < 127 else zero - 1), array),
        kind.quant,
    )


def division(build: GraphBuilder, op: str, dtype: DType) -> tuple[str, ...]:
    """DIV, FLOOR_DIV or FLOOR_MOD by a broadcast constant, or by the larger of a value and 1."""
    first = build.value(dtype, rank=build.integer(1, 4))
    shape = partner_shape(build, build.type_of(first).shape)
    kind = TensorType(dtype, shape, build.quant(dtype))
    zero = kind.quant.zero_point[0] if kind.quant is not None and op == "DIV" else 0
    if build.random.random() < 0.5 or zero == 127:
        second = divisor(build, kind, zero)
    else:
        least = build.constant(np.full((), zero + 1, dtype.numpy), kind.quant)
        data = build.value(dtype, shape=shape, quant=kind.quant)
        (second,) = build.node("MAXIMUM", (data, least), dtype=dtype, quant=build.type_of(data).quant)
    attrs = {"fused_activation_function": build.choice(ACTIVATIONS)} if op == "DIV" else {}
    quant = kind.quant
    if op == "DIV" and quant is not None:
        # Where the ratio of scales is below 2**7, TFLite shifts by more than 31 bits, which C++ leaves undefined.
        ratio = 2.0 ** build.random.uniform(7.01, 14)
        quant = build.quant(dtype, scale=scale_of(build, first) / scale_of(build, second) / ratio)
    return build.node(op, (first, second), attrs=attrs, dtype=dtype, quant=quant)


def alike(build: GraphBuilder, op: str, dtype: DType) -> tuple[str, ...]:
    """MINIMUM, MAXIMUM and logic: inputs and output share the quantisation."""
    quant = build.quant(dtype)
    first, second = pair(build, dtype, quant=quant)
    return build.node(op, (first, second), dtype=dtype, quant=quant)


def prelu(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """PRELU with a slope per channel or any other that broadcasts to the data."""
    data = build.value(dtype, rank=build.integer(1, 4))
    kind = TensorType(dtype, partner_shape(build, build.type_of(data).shape), build.quant(dtype))
    slope = build.constant(build.sample(kind), kind.quant)
    return build.node("PRELU", (data, slope), dtype=dtype, quant=output_quant(build, data))


def select_v2(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """SELECT_V2 with three broadcast inputs."""
    quant = build.quant(dtype)
    first, second = pair(build, dtype, quant=quant)
    shape = np.broadcast_shapes(build.type_of(first).shape, build.type_of(second).shape)
    condition = other(build, TensorType(DType.BOOL, partner_shape(build, shape)))
    return build.node("SELECT_V2", (condition, first, second), dtype=dtype, quant=quant)


def select(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """SELECT of elements, rows or everything."""
    first = build.value(dtype, rank=build.integer(1, 4))
    kind = build.type_of(first)
    condition = TensorType(DType.BOOL, build.choice([(), kind.shape[:1], kind.shape]))
    second = other(build, replace(kind))
    return build.node("SELECT", (other(build, condition), first, second), dtype=dtype, quant=kind.quant)


RECIPES = (
    Recipe("ADD", add, (*NUMBERS, DType.UINT8)),
    Recipe("SUB", sub, (*NUMBERS, DType.UINT8)),
    Recipe("MUL", mul, (*NUMBERS, DType.UINT8)),
    Recipe("SQUARED_DIFFERENCE", squared_difference, (DType.INT8, DType.INT32, DType.FLOAT32)),
    Recipe(
        "DIV", lambda build, dtype: division(build, "DIV", dtype), (DType.INT8, DType.INT32, DType.FLOAT32)
    ),
    Recipe(
        "FLOOR_DIV",
        lambda build, dtype: division(build, "FLOOR_DIV", dtype),
        (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32),
    ),
    Recipe("FLOOR_MOD", lambda build, dtype: division(build, "FLOOR_MOD", dtype), NUMBERS),
    Recipe("MINIMUM", lambda build, dtype: alike(build, "MINIMUM", dtype), NUMBERS),
    Recipe("MAXIMUM", lambda build, dtype: alike(build, "MAXIMUM", dtype), NUMBERS),
    Recipe("LOGICAL_AND", lambda build, dtype: alike(build, "LOGICAL_AND", dtype), (DType.BOOL,)),
    Recipe("LOGICAL_OR", lambda build, dtype: alike(build, "LOGICAL_OR", dtype), (DType.BOOL,)),
    Recipe("PRELU", prelu, (DType.INT8, DType.FLOAT32)),
    Recipe("SELECT_V2", select_v2, tuple(DType)),
    Recipe("SELECT", select, tuple(DType)),
)
