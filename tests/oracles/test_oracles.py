# SPDX-License-Identifier: Apache-2.0
"""Every format has an oracle, and each notices a difference."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from milliwatt.errors import ToolchainError
from milliwatt.importers import ImportNotice, importers
from milliwatt.ir import Graph
from milliwatt.oracles import of_file, of_object
from milliwatt.pipeline import Options, compile_graph, load
from milliwatt.targets import board
from milliwatt.verification import verify

SHARED = {"kws_qdq.onnx": "onnxruntime", "sww_float.h5": "keras", "sww_int8.tflite": "litert"}
NEEDS = {"onnxruntime": ("onnx", "onnxruntime"), "keras": ("h5py", "keras", "torch"), "litert": ()}


def doubled(graph: Graph) -> Graph:
    """The graph with one weight changed, enough to be seen in the layer that uses it."""
    name = max(graph.constants, key=lambda key: graph.constants[key].size)
    array = np.array(graph.constants[name])
    array += array.dtype.type(40 if array.dtype.kind == "i" else 1)
    return graph.replace(constants={**graph.constants, name: array})


@pytest.mark.parametrize("model", SHARED)
def test_models_agree_with_their_framework(model: str, shared_model: Callable[[str], Path]) -> None:
    for package in NEEDS[SHARED[model]]:
        pytest.importorskip(package, reason=f"{package} is not installed")
    path = shared_model(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportNotice)
        graph = load(path)
    oracle = of_file(path, graph)
    assert oracle.name == SHARED[model]
    for form, equal in ((graph, True), (doubled(graph), False)):
        build = compile_graph(form, Options(board=board("host")))
        assert verify(build, oracle=oracle, runners={}, samples=2, seed=1).ok is equal


def test_what_has_no_framework() -> None:
    graph = load(Path(__file__).resolve().parents[2] / "examples" / "01_digits" / "digits.tflite")
    with pytest.raises(ToolchainError, match=r"no framework is known for \.doc"):
        of_file(Path("model.doc"), graph)
    with pytest.raises(ToolchainError, match=r"no framework is known for a \S*Path"):
        of_object(Path(), None, graph)


def test_every_importer_is_proven() -> None:
    """Formats that can be read have an oracle; pickles and the like are objects of their framework once read."""
    from milliwatt.oracles import _modules

    files = {suffix for module in _modules() for suffix in getattr(module, "SUFFIXES", ())}
    assert {".tflite", ".onnx", ".keras", ".h5"} <= files & set(importers())


def test_pytorch_modules_and_programs(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")
    torch.manual_seed(1)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(512, 4)
    ).eval()
    example = (torch.zeros(1, 3, 8, 8),)
    path = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(module, example), path)
    for graph, oracle in (
        (load(module, example), of_object(module, example, load(module, example))),
        (load(path), of_file(path, load(path))),
    ):
        assert oracle.name == "torch"
        for form, equal in ((graph, True), (doubled(graph), False)):
            build = compile_graph(form, Options(board=board("host")))
            assert verify(build, oracle=oracle, runners={}, samples=3, seed=1).ok is equal
