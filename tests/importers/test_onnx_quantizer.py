# SPDX-License-Identifier: Apache-2.0
"""What ONNX Runtime's own quantiser makes of random float models runs on integers, layer by layer within one step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime.quantization as quantization
import pytest
from tests.importers.onnx_models import imported

from milliwatt.measure.host import HostRunner
from milliwatt.measure.onnx_runtime import OnnxRuntime
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.random_onnx import RandomOnnx
from milliwatt.verification import verify

INT8, UINT8 = quantization.QuantType.QInt8, quantization.QuantType.QUInt8
FORMATS = {"qdq": quantization.QuantFormat.QDQ, "qoperator": quantization.QuantFormat.QOperator}
TYPES = {"s8s8": (INT8, INT8), "u8s8": (UINT8, INT8), "u8u8": (UINT8, UINT8)}


class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
    """A few random inputs."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        random = np.random.default_rng(5)
        self._inputs: Iterator[dict[str, object]] = iter(
            [{"x": random.normal(0, 1, shape).astype(np.float32)} for _ in range(4)]
        )

    def get_next(self) -> dict[str, object] | None:
        """The next input, None behind the last."""
        return next(self._inputs, None)


def _check(tmp_path: Path, form: str, types: str, *, seed: int) -> None:
    data, shape = RandomOnnx(np.random.default_rng(seed)).model(layers=7)
    (tmp_path / "float.onnx").write_bytes(data)
    activation, weight = TYPES[types]
    quantization.quantize_static(
        tmp_path / "float.onnx",
        tmp_path / "int.onnx",
        Reader(shape),
        quant_format=FORMATS[form],
        per_channel=types == "s8s8",
        activation_type=activation,
        weight_type=weight,
    )
    data = (tmp_path / "int.onnx").read_bytes()
    graph = imported(data)
    build = compile_graph(graph, Options(board=board("host"), numerics=Numerics.FAST))
    runners = {"host": HostRunner(build.emitted)}
    result = verify(build, oracle=OnnxRuntime(data, graph), runners=runners, samples=5, seed=0)
    assert result.first_difference is None
    integers = [node.op for node in graph.nodes if graph.values[node.outputs[0]].dtype.is_integer]
    assert "FULLY_CONNECTED" in integers


@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("form", FORMATS)
def test_quantised_by_onnx_runtime(tmp_path: Path, form: str, types: str) -> None:
    _check(tmp_path, form, types, seed=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 140))
@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("form", FORMATS)
def test_many_quantised_by_onnx_runtime(tmp_path: Path, form: str, types: str, seed: int) -> None:
    _check(tmp_path, form, types, seed=seed)
