# SPDX-License-Identifier: Apache-2.0
"""ERF, SILU and HARD_SIGMOID: PyTorch gives what the meaning, the host's C and the emulated Cortex-M4 give."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.pipeline import Options, compile_graph
from milliwatt.runners import runner_for
from milliwatt.targets import board
from milliwatt.testing.differential import compare

Array = npt.NDArray[Any]

RUNNERS = {"meaning": "host", "host": "host", "emulator": "nucleo-l4r5zi"}
SPECIAL = [0.0, -0.0, 1e-30, -1e-30, 0.5, -0.5, 0.50001, -88.0, 88.0, -95.0, 95.0, 3e38, -3e38]


def graph_of(op: str, kind: TensorType, output: TensorType | None = None, **attrs: float) -> Graph:
    nodes = (Node(op, ("x",), ("y",), attrs, source="the layer"),)
    return Graph("activation", {"x": kind, "y": output or kind}, {}, ("x",), ("y",), nodes)


def run(op: str, data: Array, runner: str, **attrs: float) -> Array:
    build = compile_graph(
        graph_of(op, TensorType(DType.FLOAT32, data.shape), **attrs), Options(board(RUNNERS[runner]))
    )
    return np.asarray(runner_for(build, runner).run([data])[0])


def values() -> Array:
    random = np.random.default_rng(1)
    return np.concatenate([random.normal(0, 3, 400), SPECIAL]).astype(np.float32)


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("op", ["ERF", "SILU", "HARD_SIGMOID"])
def test_pytorch_gives_the_same(op: str, runner: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    functional = torch.nn.functional
    function = {"ERF": torch.erf, "SILU": functional.silu, "HARD_SIGMOID": functional.hardsigmoid}[op]
    attrs = {"alpha": 1 / 6, "beta": 0.5} if op == "HARD_SIGMOID" else {}
    expected = function(torch.from_numpy(values().astype(np.float64))).numpy()
    np.testing.assert_allclose(run(op, values(), runner, **attrs), expected, rtol=4e-7, atol=1e-7)


def test_erf_is_within_its_bound() -> None:
    data = np.linspace(-4, 4, 30001, dtype=np.float32)
    exact = np.array([math.erf(value) for value in data.tolist()])
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    assert (np.abs(run("ERF", data, "host") - exact) / np.maximum(unit, 1e-45)).max() <= 3


def test_silu_is_within_its_bound() -> None:
    data = np.linspace(-80, 80, 30001, dtype=np.float32)
    exact = data.astype(np.float64) / (1 + np.exp(-data.astype(np.float64)))
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    assert (np.abs(run("SILU", data, "host") - exact) / unit).max() <= 3


@pytest.mark.parametrize("op", ["ERF", "SILU", "HARD_SIGMOID"])
@pytest.mark.parametrize("dtype", [DType.INT8, DType.UINT8])
def test_quantised_data_go_through_a_table(op: str, dtype: DType) -> None:
    low = dtype.limits[0]
    kind = TensorType(dtype, (1, 64), Quant((0.0625,), (low + 100,)))
    output = TensorType(dtype, (1, 64), Quant((0.03125,), (low + 30,)))
    compare(graph_of(op, kind, output), samples=4, implementations=("host",))
