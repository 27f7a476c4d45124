# SPDX-License-Identifier: Apache-2.0
"""Reference models in ONNX form against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.importers.onnx_models import results, runtime

from milliwatt.importers import load
from milliwatt.ir import DType
from milliwatt.samples import sample_inputs


@pytest.mark.parametrize(("name", "tolerance"), [("vww_float", 1e-5), ("kws_qdq", 1e-5), ("ic_qdq", 0.1)])
def test_reference_models(shared_model: Callable[[str], Path], name: str, tolerance: float) -> None:
    path = shared_model(f"{name}.onnx")
    graph = load(path)
    for arrays in sample_inputs(graph, samples=5, seed=1):
        (expected,) = runtime(path.read_bytes(), arrays)
        for (found,) in results(graph, arrays):
            np.testing.assert_allclose(found, expected, atol=tolerance)
            assert found.argmax() == expected.argmax()


@pytest.mark.parametrize("name", ["kws_qdq", "ic_qdq"])
def test_quantised_models_compute_on_integers(shared_model: Callable[[str], Path], name: str) -> None:
    graph = load(shared_model(f"{name}.onnx"))
    floating = [node.op for node in graph.nodes if graph.values[node.outputs[0]].dtype is DType.FLOAT32]
    assert set(floating) <= {"DEQUANTIZE", "SOFTMAX", "TRANSPOSE", "RESHAPE"}
