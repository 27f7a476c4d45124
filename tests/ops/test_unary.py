# SPDX-License-Identifier: Apache-2.0
"""Operators of one input, and those on rows, against LiteRT and against their C on this computer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.measure.host import HostRunner
from milliwatt.measure.litert import LiteRT, LiteRTWorker
from milliwatt.ops import Numerics
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import NOT_IN_REFERENCE, compare
from milliwatt.testing.recipe import recipes
from milliwatt.testing.recipes import activations, converting, normalising
from milliwatt.testing.tflite_writer import write

Array = npt.NDArray[Any]

RECIPES = {
    recipe.op: recipe for family in (activations, converting, normalising) for recipe in family.RECIPES
}
CASES = {
    f"{op}-{dtype.value}": (op, dtype) for op, recipe in sorted(RECIPES.items()) for dtype in recipe.dtypes
}
EVERY_INT16 = np.arange(-32768, 32768, dtype=np.int16)


@pytest.mark.parametrize("case", CASES)
def test_operator_agrees(case: str) -> None:
    """One random node, on the board whose kernels are the portable ones."""
    op, dtype = CASES[case]
    build = GraphBuilder(np.random.default_rng(sum(map(ord, case))), max_elements=512)
    recipes()[op].make(build, dtype)
    compare(build.graph(), samples=4, boards=("host",))


@pytest.mark.long
@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("case", CASES)
def test_operator_agrees_on_many(case: str, numerics: Numerics) -> None:
    op, dtype = CASES[case]
    for seed in range(25):
        build = GraphBuilder(np.random.default_rng(seed))
        recipes()[op].make(build, dtype)
        compare(build.graph(), seed=seed, numerics=numerics, optimize="flash" if seed % 2 else "speed")


def one_node(op: str, data: TensorType, output: TensorType, **attrs: Any) -> Graph:
    """A graph of one node."""
    return Graph(op.lower(), {"x": data, "y": output}, {}, ("x",), ("y",), (Node(op, ("x",), ("y",), attrs),))


def default_engine(graph: Graph, data: Array, worker: LiteRTWorker) -> Array:
    """What LiteRT's default interpreter gives."""
    with LiteRT(write(graph), worker=worker, reference=False) as engine:
        [output] = engine.run([data])
    return output


@pytest.mark.parametrize("op", sorted(NOT_IN_REFERENCE - {"ELU"}))
def test_rounding_is_that_of_the_default_engine(op: str) -> None:
    """LiteRT's reference resolver has none of these."""
    data = np.array([-2.5, -1.5, -0.5, -0.0, 0.49999997, 0.5, 1.5, 2.5, 8388609.0, -3e9, np.inf], np.float32)
    kind = TensorType(DType.FLOAT32, data.shape)
    graph = one_node(op, kind, kind)
    with LiteRTWorker() as worker:
        expected = default_engine(graph, data, worker)
    meaning = Interpreter(graph).run([data])[0]
    assert np.array_equal(meaning, expected)
    compiled = HostRunner(compile_graph(graph, Options(board("host"))).emitted).run([data])[0]
    assert compiled.tobytes() == meaning.tobytes()


def test_elu_is_that_of_the_default_engine() -> None:
    quant, output = Quant((0.03,), (17,)), Quant((0.011,), (-31,))
    whole = np.arange(-128, 128).astype(np.int8)
    graph = one_node(
        "ELU", TensorType(DType.INT8, whole.shape, quant), TensorType(DType.INT8, whole.shape, output)
    )
    floats = np.random.default_rng(0).normal(0, 3, 500).astype(np.float32)
    kind = TensorType(DType.FLOAT32, floats.shape)
    real = one_node("ELU", kind, kind)
    with LiteRTWorker() as worker:
        assert np.array_equal(Interpreter(graph).run([whole])[0], default_engine(graph, whole, worker))
        expected = default_engine(real, floats, worker)
    assert np.allclose(Interpreter(real).run([floats])[0], expected, rtol=3 * 2.0**-23, atol=0)


@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 3e-4, 0.02, 1.3, 1e-7])
@pytest.mark.parametrize("op", ["LOGISTIC", "TANH"])
def test_every_int16_agrees(op: str, scale: float) -> None:
    """All 65536 inputs, with scales that are powers of two and others."""
    shape = EVERY_INT16.shape
    data = TensorType(DType.INT16, shape, Quant((float(np.float32(scale)),), (0,)))
    output = TensorType(DType.INT16, shape, Quant((2.0**-15,), (0,)))
    graph = one_node(op, data, output)
    meaning = Interpreter(graph).run([EVERY_INT16])[0]
    with LiteRT(write(graph)) as engine:
        assert np.array_equal(engine.run([EVERY_INT16])[0], meaning)


@pytest.mark.parametrize("source", list(DType), ids=lambda dtype: dtype.value)
def test_cast_at_the_edges(source: DType) -> None:
    """To every type, with the values where the types end; as LiteRT does it."""
    data = edges(source)
    targets = {f"to_{target.value}": target for target in DType}
    kinds = {name: TensorType(target, data.shape) for name, target in targets.items()}
    nodes = tuple(
        Node("CAST", ("x",), (name,), {"in_data_type": source.name, "out_data_type": target.name})
        for name, target in targets.items()
    )
    graph = Graph("casts", {"x": TensorType(source, data.shape), **kinds}, {}, ("x",), tuple(kinds), nodes)
    meaning = Interpreter(graph).run([data])
    compiled = HostRunner(compile_graph(graph, Options(board("host"))).emitted).run([data])
    with LiteRT(write(graph)) as engine:
        expected = engine.run([data])
    for target, *results in zip(targets.values(), expected, meaning, compiled, strict=True):
        for result in results[1:]:
            assert np.array_equal(result, results[0], equal_nan=target is DType.FLOAT32), target


def edges(dtype: DType) -> Array:
    """Values near the limits of all integer types that the type can hold."""
    if dtype is DType.BOOL:
        return np.array([False, True])
    powers = [2.0**bits for bits in (7, 8, 15, 16, 31, 32, 63)]
    real = [
        0.0,
        0.9,
        -0.9,
        1.0,
        *(sign * (power + step) for power in powers for sign in (-1, 1) for step in (-1, 0, 1)),
    ]
    if dtype is DType.FLOAT32:
        return np.array([*real, np.nan, np.inf, -np.inf], np.float32)
    low, high = dtype.limits
    return np.array([int(value) for value in real if low <= value < high] + [low, high], dtype.numpy)


def test_quantize_saturates_where_litert_leaves_it_to_the_hardware() -> None:
    data = np.array([3e9, -3e9, np.inf, -np.inf, np.nan, 1e20, 0.5, -0.5, 126.5], np.float32)
    output = TensorType(DType.INT8, data.shape, Quant((1.0,), (0,)))
    graph = one_node("QUANTIZE", TensorType(DType.FLOAT32, data.shape), output)
    expected = [127, -128, 127, -128, -128, 127, 1, -1, 127]
    assert Interpreter(graph).run([data])[0].tolist() == expected
    assert (
        HostRunner(compile_graph(graph, Options(board("host"))).emitted).run([data])[0].tolist() == expected
    )
