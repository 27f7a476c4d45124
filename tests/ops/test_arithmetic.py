# SPDX-License-Identifier: Apache-2.0
"""Operators on two broadcast operands and reductions, against LiteRT and against their C on this computer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.measure.host import HostRunner
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare
from milliwatt.testing.recipe import recipes
from milliwatt.testing.recipes import arithmetic, comparing, reducing

Array = npt.NDArray[Any]

RECIPES = {recipe.op: recipe for family in (arithmetic, comparing, reducing) for recipe in family.RECIPES}


def random_nodes(op: str, seed: int, *, nodes: int) -> Graph:
    """Some nodes of the operator for each of its element types."""
    build = GraphBuilder(np.random.default_rng(seed), max_elements=512)
    for dtype in RECIPES[op].dtypes:
        for _ in range(nodes):
            recipes()[op].make(build, dtype)
    return build.graph()


@pytest.mark.parametrize("op", RECIPES)
def test_operator_agrees(op: str) -> None:
    compare(random_nodes(op, sum(map(ord, op)), nodes=3), samples=2, boards=("host",))


@pytest.mark.long
@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("op", RECIPES)
def test_operator_agrees_on_many(op: str, numerics: Numerics) -> None:
    for seed in range(15):
        graph = random_nodes(op, seed, nodes=4)
        compare(graph, seed=seed, numerics=numerics, optimize="flash" if seed % 2 else "speed")


@pytest.mark.long
@pytest.mark.parametrize("op", RECIPES)
def test_operator_agrees_on_the_emulated_core(op: str) -> None:
    compare(random_nodes(op, 1, nodes=2), boards=("nucleo-l4r5zi",), implementations=("emulator",))


def graph_of(op: str, inputs: dict[str, TensorType], output: TensorType, **attrs: Any) -> Graph:
    """A graph of one node."""
    names = tuple(inputs)
    return Graph(op.lower(), {**inputs, "y": output}, {}, names, ("y",), (Node(op, names, ("y",), attrs),))


def compiled_for_host(graph: Graph) -> HostRunner:
    """The graph's C, compiled for this computer."""
    return HostRunner(compile_graph(graph, Options(board("host"))).emitted)


def test_six_alternating_dimensions_broadcast() -> None:
    """No two dimensions can be merged: every extent of the kernels' walk is in use."""
    shapes = ((2, 1, 3, 1, 2, 1), (1, 3, 1, 2, 1, 2))
    kind = [TensorType(DType.INT32, shape) for shape in (*shapes, (2, 3, 3, 2, 2, 2))]
    compare(graph_of("SUB", {"a": kind[0], "b": kind[1]}, kind[2]), boards=("host",))
    choice = {"c": TensorType(DType.BOOL, (3, 1, 1, 2)), "a": kind[0], "b": kind[1]}
    compare(graph_of("SELECT_V2", choice, kind[2]), boards=("host",))


def test_six_alternating_dimensions_reduce() -> None:
    for axes, shape in (([0, 2, 4], (3, 3, 3)), ([1, 3, 5], (2, 2, 2))):
        build = GraphBuilder(np.random.default_rng(0))
        data = build.input(TensorType(DType.INT8, (2, 3, 2, 3, 2, 3), Quant((0.5,), (3,))))
        chosen = build.constant(np.array(axes, np.int32))
        (mean,) = build.node("MEAN", (data, chosen), dtype=DType.INT8, quant=Quant((0.25,), (-7,)))
        build.node("REDUCE_MIN", (data, chosen), dtype=DType.INT8, quant=Quant((0.5,), (3,)))
        assert build.type_of(mean).shape == shape
        compare(build.graph(), boards=("host",))


@pytest.mark.parametrize("pixels", [1, 255, 256, 257, 1000])
def test_mean_over_many_pixels(pixels: int) -> None:
    """Sums of four channels in 16-bit lanes are emptied in time, also when all bytes are the largest."""
    build = GraphBuilder(np.random.default_rng(pixels), max_elements=10**6)
    data = build.input(TensorType(DType.INT8, (2, pixels, 1, 8), Quant((0.1,), (-128,))))
    axes = build.constant(np.array([1, 2], np.int32))
    build.node("MEAN", (data, axes), dtype=DType.INT8, quant=Quant((0.11,), (-128,)))
    graph = build.graph()
    compare(graph, boards=("host",))
    compiled = compiled_for_host(graph)
    for byte in (-128, 127):
        full = [np.full((2, pixels, 1, 8), byte, np.int8)]
        expected = np.full((2, 8), round((byte + 128) * 0.1 / 0.11) - 128)
        assert np.array_equal(Interpreter(graph).run(full)[0], expected)
        assert np.array_equal(compiled.run(full)[0], expected)


@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT16], ids=lambda dtype: dtype.value)
def test_quantised_sum_is_the_rounded_real_sum(dtype: DType) -> None:
    """LiteRT 2.3's reference kernel returns what it finds in memory, so exact arithmetic is the oracle.

    Two roundings of the reference's formula are off by one in rare cases, hence the bound of one.
    """
    random = np.random.default_rng(3)
    for seed in range(20):
        build = GraphBuilder(np.random.default_rng(seed))
        data = build.input(TensorType(dtype, (2, 5, 4, 3), build.quant(dtype)))
        kind = build.type_of(data)
        assert kind.quant is not None
        (scale, zero_point), count = kind.quant.scalar, 20
        quant = build.quant(dtype, scale=scale * count * 2.0 ** random.uniform(-4, 1))
        assert quant is not None
        axes = build.constant(np.array([1, -2], np.int32))
        build.node("SUM", (data, axes), dtype=dtype, quant=quant)
        graph = build.graph()
        array = build.sample(kind)
        (result,) = Interpreter(graph).run([array])
        real = (array.astype(np.float64) - zero_point).sum(axis=(1, 2)) * scale / quant.scale[0]
        expected = np.clip(real + quant.zero_point[0], *dtype.limits)
        assert np.max(np.abs(result - expected)) <= 1
    compare(graph, boards=("host",), implementations=("host",))


@pytest.mark.parametrize("op", ["DIV", "FLOOR_DIV", "FLOOR_MOD"])
def test_division_by_zero_is_zero(op: str) -> None:
    """LiteRT refuses to run it; on a device it must neither trap nor differ between cores."""
    kinds = [DType.INT8, DType.INT32] if op == "DIV" else [DType.INT8, DType.INT16, DType.INT32]
    for dtype in kinds:
        quant = Quant((0.5,), (0,)) if dtype is DType.INT8 else None
        kind = TensorType(dtype, (6,), quant)
        output = TensorType(
            dtype, (6,), Quant((2.0**-8,), (5,)) if quant is not None and op == "DIV" else quant
        )
        graph = graph_of(op, {"a": kind, "b": kind}, output)
        low, high = dtype.limits
        dividend = np.array([low, -1, 0, 1, high, low]).astype(dtype.numpy)
        divisor = np.array([0, 0, 0, 0, 0, -1]).astype(dtype.numpy)
        (result,) = Interpreter(graph).run([dividend, divisor])
        zero = 5 if output.quant is not None and op == "DIV" else 0
        assert np.all(result[:5] == zero)
        compare(graph, boards=("host",), implementations=("host",))


def test_least_integer_divided_by_minus_one_wraps() -> None:
    kind = TensorType(DType.INT32, (1,))
    least, minus_one = np.array([-(2**31)], np.int32), np.array([-1], np.int32)
    for op, expected in (("DIV", -(2**31)), ("FLOOR_DIV", -(2**31)), ("FLOOR_MOD", 0)):
        graph = graph_of(op, {"a": kind, "b": kind}, kind)
        assert Interpreter(graph).run([least, minus_one])[0][0] == expected


def test_float_remainder_is_exact() -> None:
    """Against the definition in exact rational arithmetic, from the smallest to the largest floats."""
    random = np.random.default_rng(0)
    magnitudes = 10.0 ** random.uniform(-44, 38, (2, 400))
    dividend, divisor = (magnitudes * random.choice([-1, 1], magnitudes.shape)).astype(np.float32)
    divisor[divisor == 0] = 1.0
    kind = TensorType(DType.FLOAT32, (400,))
    graph = graph_of("FLOOR_MOD", {"a": kind, "b": kind}, kind)
    (result,) = compiled_for_host(graph).run([dividend, divisor])
    for left, right, got in zip(dividend.tolist(), divisor.tolist(), result.tolist(), strict=True):
        exact = Fraction(left) % Fraction(right)
        # The remainder has the dividend's sign first; moving it to the divisor's rounds once.
        assert abs(got - float(np.float32(float(exact)))) <= abs(right) * 2.0**-23, (left, right)


def test_nan_and_infinity_in_reductions() -> None:
    data = np.array([[np.nan, 1.0, -2.0], [np.inf, -np.inf, 0.0], [np.nan] * 3], np.float32)
    for op, expected in (
        ("REDUCE_MAX", [1.0, np.inf, -np.finfo(np.float32).max]),
        ("REDUCE_MIN", [-2.0, -np.inf, np.finfo(np.float32).max]),
    ):
        build = GraphBuilder(np.random.default_rng(0))
        name = build.input(TensorType(DType.FLOAT32, (3, 3)))
        build.node(op, (name, build.constant(np.array([1], np.int32))), dtype=DType.FLOAT32)
        (result,) = Interpreter(build.graph()).run([data])
        assert np.array_equal(result, np.array(expected, np.float32))
