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
from milliwatt.measure.host import HostRunner
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph
from milliwatt.samples import sample_inputs
from milliwatt.targets import board


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


# Right answers of the TFLite twins under the contract of one rounding, of 1000 clips and 200 images.
TWINS = {
    "kws_qdq": ("kws_int8", "mlperf_tiny_kws01/kws01_mfcc_int8.npz", 902),
    "ic_qdq": ("ic_int8", "licence_unstated/mlperf_tiny_ic01/ic01_eembc200_uint8.npz", 170),
}


@pytest.mark.long
@pytest.mark.parametrize("name", TWINS)
def test_accuracy_is_that_of_the_twin(
    shared_model: Callable[[str], Path], shared_data: Callable[[str], Path], name: str
) -> None:
    """The emitted C on the whole data set: at least as often right as the int8 TFLite model of the same task."""
    twin, data, least = TWINS[name]
    example = load(shared_model(f"{twin}.tflite"))
    quant = example.values[example.inputs[0]].quant
    assert quant is not None
    scale, zero_point = quant.scalar
    with np.load(shared_data(data)) as file:
        features, labels = file["x"], file["y"]
    # Pixels of 0 to 255 are 128 above the integers of the twin's input.
    shift = 128 if features.dtype == np.uint8 else 0
    inputs = ((features.astype(np.int16) - shift - zero_point) * np.float32(scale)).astype(np.float32)
    path = shared_model(f"{name}.onnx")
    graph = load(path)
    shape = graph.values[graph.inputs[0]].shape
    runner = HostRunner(compile_graph(graph, Options(board=board("host"), numerics=Numerics.FAST)).emitted)
    found = np.array([runner.run([item.reshape(shape)])[0].argmax() for item in inputs])
    expected = np.array(
        [runtime(path.read_bytes(), [item.reshape(shape)])[0].argmax() for item in inputs[:200]]
    )
    assert np.count_nonzero(found == labels) >= least
    assert np.count_nonzero(found[:200] != expected) <= 4
