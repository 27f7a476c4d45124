# SPDX-License-Identifier: Apache-2.0
"""LAYER_NORM and RMS_NORM: PyTorch gives what the meaning, the host's C and the emulated Cortex-M4 give."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops.check import check
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.targets import board

Array = npt.NDArray[Any]

RUNNERS = {"meaning": "host", "host": "host", "emulator": "nucleo-l4r5zi"}


def graph_of(op: str, data: Array, operands: list[Array | None], *, axis: int, epsilon: float) -> Graph:
    """One node on one input."""
    names = [None if operand is None else f"operand_{index}" for index, operand in enumerate(operands)]
    constants = {name: array for name, array in zip(names, operands, strict=True) if name is not None}
    kinds = {name: TensorType(DType.FLOAT32, array.shape) for name, array in constants.items()}
    kinds |= dict.fromkeys(("x", "y"), TensorType(DType.FLOAT32, data.shape))
    node = Node(op, ("x", *names), ("y",), {"axis": axis, "epsilon": epsilon}, source="the layer")
    return check(Graph("layer", kinds, constants, ("x",), ("y",), (node,)))


def run(graph: Graph, data: Array, runner: str) -> Array:
    build = compile_graph(graph, Options(board(RUNNERS[runner])))
    return np.asarray(runner_for(build, runner).run([data])[0])


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize(("shape", "axis"), [((3, 5, 8), -1), ((2, 6, 4), 1), ((7,), 0), ((2, 3, 2, 5), -2)])
@pytest.mark.parametrize("given", [(True, True), (True, False), (False, True), (False, False)])
def test_layer_norm_is_pytorch_s(
    shape: tuple[int, ...], axis: int, given: tuple[bool, bool], runner: str
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    random = np.random.default_rng(0)
    data = random.normal(0.5, 2, shape).astype(np.float32)
    row = shape[axis % len(shape) :]
    operands = [random.normal(0, 1, row).astype(np.float32) if there else None for there in given]
    tensors = [None if operand is None else torch.from_numpy(operand) for operand in operands]
    expected = torch.nn.functional.layer_norm(torch.from_numpy(data), row, *tensors, 1e-5).numpy()
    graph = graph_of("LAYER_NORM", data, operands, axis=axis, epsilon=1e-5)
    np.testing.assert_allclose(run(graph, data, runner), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("scaled", [True, False])
def test_rms_norm_is_pytorch_s(scaled: bool, runner: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    random = np.random.default_rng(1)
    data = random.normal(0.5, 2, (4, 9)).astype(np.float32)
    scale = random.normal(0, 1, 9).astype(np.float32) if scaled else None
    weight = None if scale is None else torch.from_numpy(scale)
    expected = torch.nn.functional.rms_norm(torch.from_numpy(data), (9,), weight, 1e-6).numpy()
    graph = graph_of("RMS_NORM", data, [scale], axis=1, epsilon=1e-6)
    np.testing.assert_allclose(run(graph, data, runner), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("op", ["LAYER_NORM", "RMS_NORM"])
def test_c_is_the_meaning_to_the_bit(op: str) -> None:
    data = (10.0 ** np.random.default_rng(2).uniform(-6, 6, (20, 33))).astype(np.float32)
    graph = graph_of(op, data, [data[3]], axis=1, epsilon=1e-3)
    np.testing.assert_array_equal(run(graph, data, "host"), Interpreter(graph).run([data])[0])


def test_large_mean_is_taken_away_first() -> None:
    """The sum of squares would lose everything to rounding."""
    data = 1e4 + np.arange(8, dtype=np.float32).reshape(1, 8)
    graph = graph_of("LAYER_NORM", data, [], axis=-1, epsilon=1e-5)
    exact = (np.arange(8) - 3.5) / np.sqrt(5.25 + 1e-5)
    np.testing.assert_allclose(run(graph, data, "host")[0], exact, rtol=1e-6)
