# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime as oracle: its values by name, and verification against it layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.importers.onnx_models import floats, imported, model, node

from milliwatt.errors import ToolchainError
from milliwatt.importers import load
from milliwatt.measure.onnx_runtime import OnnxRuntime
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.verification import verify

CHAIN = model(
    [node("Relu", "x", "r"), node("Mul", "r w", "m"), node("Neg", "m", "y")],
    inputs={"x": (1, 4)},
    outputs=["y"],
    constants={"w": floats(4, seed=1)},
)


def test_values_by_name() -> None:
    data = floats(1, 4)
    oracle = OnnxRuntime(CHAIN, imported(CHAIN))
    found = oracle.tensors([data])
    np.testing.assert_array_equal(found["r"], np.maximum(data, 0))
    np.testing.assert_array_equal(found["y"], -np.maximum(data, 0) * floats(4, seed=1))
    np.testing.assert_array_equal(oracle.run([data])[0], found["y"])


def test_the_layer_that_differs_is_named() -> None:
    other = model(
        [node("Relu", "x", "r"), node("Mul", "r w", "m"), node("Neg", "m", "y")],
        inputs={"x": (1, 4)},
        outputs=["y"],
        constants={"w": floats(4, seed=2)},
    )
    build = compile_graph(imported(CHAIN), Options(board=board("host"), numerics=Numerics.FAST))
    oracle = OnnxRuntime(other, build.imported)
    difference = verify(build, oracle=oracle, runners={}, samples=4, seed=0).first_difference
    assert difference is not None
    assert difference.layer.endswith("-> m")


def test_a_refused_model_is_an_error() -> None:
    unknown = model([node("Relu", "x", "y")], inputs={"x": (1, 4)}, outputs=["y"])
    graph = imported(unknown)
    broken = model([node("Relu", "x z", "y")], inputs={"x": (1, 4)}, outputs=["y"])
    with pytest.raises(ToolchainError, match="refused to load"):
        OnnxRuntime(broken, graph)


@pytest.mark.parametrize("name", ["kws_qdq", "ic_qdq", "vww_float"])
def test_reference_models_agree_layer_by_layer(shared_model: Callable[[str], Path], name: str) -> None:
    path = shared_model(f"{name}.onnx")
    graph = load(path)
    build = compile_graph(graph, Options(board=board("host"), numerics=Numerics.FAST))
    oracle = OnnxRuntime(path.read_bytes(), graph)
    result = verify(build, oracle=oracle, runners={}, samples=5, seed=0)
    assert result.first_difference is None
    assert "onnxruntime" in result.compared
