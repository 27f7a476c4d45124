# SPDX-License-Identifier: Apache-2.0
"""Random ONNX models: ONNX Runtime, the meaning, the passes and the emitted C agree, layer by layer."""

from __future__ import annotations

import numpy as np
import pytest
from tests.importers.onnx_models import imported

from milliwatt.measure.host import HostRunner
from milliwatt.measure.onnx_runtime import OnnxRuntime
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.random_onnx import RandomOnnx
from milliwatt.verification import Runner, verify


def _check(seed: int, *, quantised: bool, emitted: bool) -> None:
    data, shape = RandomOnnx(np.random.default_rng(seed), quantised=quantised).model(layers=2 + seed % 7)
    graph = imported(data)
    assert graph.values["x"].shape == shape
    build = compile_graph(graph, Options(board=board("host"), numerics=Numerics.FAST))
    runners: dict[str, Runner] = {"host": HostRunner(build.emitted)} if emitted else {}
    result = verify(build, oracle=OnnxRuntime(data, graph), runners=runners, samples=5, seed=seed)
    assert result.first_difference is None, f"seed {seed}: {result.first_difference}"


@pytest.mark.parametrize("quantised", [False, True], ids=["floats", "quantised"])
@pytest.mark.parametrize("seed", range(12))
def test_random_models(seed: int, *, quantised: bool) -> None:
    _check(seed, quantised=quantised, emitted=seed < 3)


@pytest.mark.long
@pytest.mark.parametrize("quantised", [False, True], ids=["floats", "quantised"])
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_many_random_models(seed: int, *, quantised: bool) -> None:
    _check(seed, quantised=quantised, emitted=True)
