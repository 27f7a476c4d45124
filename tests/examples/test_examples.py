# SPDX-License-Identifier: Apache-2.0
"""The shipped examples give what expected.json says: in LiteRT, in emitted C, and in their own main.c."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.measure.host import HostRunner
from milliwatt.measure.toolchain import compiler_for, run_tool
from milliwatt.ops.registry import find, signature
from milliwatt.pipeline import Build, Options, compile_graph, load
from milliwatt.runners import runner_for
from milliwatt.targets import board

Array = npt.NDArray[Any]
ROOT = Path(__file__).resolve().parents[2] / "examples"
# Test sets and models are for reading along and for CI: they must stay small.
LARGEST_FILE = 60_000
LEAST_ACCURACY = {"digits": 0.97, "vibration": 0.95, "keyword": 0.92}
LEAST_AUC = 0.95


def _score() -> ModuleType:
    """The module that scores models when they are made; the examples are no package."""
    spec = importlib.util.spec_from_file_location("examples_score", ROOT / "training" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCORE = _score()


@dataclass(frozen=True)
class Example:
    """One numbered folder: its model, its test set and its expected result."""

    folder: Path
    name: str
    expected: dict[str, Any]
    inputs: Array
    labels: Array
    litert: Array

    @property
    def model(self) -> Path:
        return self.folder / f"{self.name}.tflite"


@pytest.fixture(scope="module", params=[folder.name for folder in sorted(ROOT.glob("[0-9]*"))])
def example(request: pytest.FixtureRequest) -> Example:
    folder = ROOT / request.param
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    name = Path(expected["model"]).stem
    with np.load(folder / f"{name}_test.npz") as arrays:
        inputs, labels = arrays["inputs"], arrays["labels"]
    litert = SCORE.litert_outputs(folder / expected["model"], inputs)
    return Example(folder, name, expected, inputs, labels, litert)


@pytest.fixture(scope="module")
def build(example: Example) -> Build:
    return compile_graph(load(example.model), Options(board=board("host"), name=example.name))


def test_files_are_small_and_the_expected_ones(example: Example) -> None:
    model = example.model.read_bytes()
    assert hashlib.sha256(model).hexdigest() == example.expected["model_sha256"]
    assert len(model) == example.expected["model_bytes"]
    for path in example.folder.iterdir():
        assert path.is_dir() or path.stat().st_size < LARGEST_FILE, path.name


def test_readme_says_what_it_is_and_how_it_is_remade(example: Example) -> None:
    expected, graph = example.expected, load(example.model)
    readme = " ".join((example.folder / "README.md").read_text("utf-8").split())
    weights = sum(array.size for array in graph.constants.values() if array.dtype == np.int8)
    macs = sum(find(node.op).macs(signature(graph, node)) for node in graph.nodes)
    assert f"`{expected['made_by']}`" in readme
    assert f"{weights:,} int8 weights" in readme
    assert f"{macs:,} multiply-accumulates" in readme or macs == weights
    if "correct" in expected:
        share = 100 * expected["correct"] / expected["examples"]
        counts = f"{expected['correct']} of {expected['examples']} ({share:.1f} %) in int8"
        assert f"{counts}; {expected['correct_float']} in float32" in readme
    else:
        assert f"{expected['auc']:.3f} in int8, {expected['auc_float']:.3f} in float32" in readme
        assert f"{expected['detected']} of" in readme


def test_litert_gives_the_expected_outputs(example: Example) -> None:
    assert len(example.inputs) == example.expected["examples"]
    assert SCORE.digest(example.litert) == example.expected["outputs_sha256"]


def test_litert_has_the_expected_accuracy(example: Example) -> None:
    expected = example.expected
    if "correct" in expected:
        right = SCORE.correct(example.litert, example.labels)
        assert right == expected["correct"]
        assert right >= LEAST_ACCURACY[example.name] * len(example.inputs)
        assert right >= expected["correct_float"] - 0.01 * len(example.inputs)
    else:
        errors = SCORE.squared_error(example.inputs, example.litert)
        auc = SCORE.roc_auc(errors, example.labels)
        alarms = errors > expected["threshold"]
        assert round(auc, 4) == expected["auc"] >= max(LEAST_AUC, expected["auc_float"] - 0.01)
        assert alarms[example.labels == 0].sum() == expected["false_alarms"]
        assert alarms[example.labels == 1].sum() == expected["detected"]


def test_emitted_c_gives_the_same_bytes(example: Example, build: Build) -> None:
    runner = HostRunner(build.emitted)
    for number, inputs in enumerate(example.inputs):
        [output] = runner.run([inputs[None]])
        assert output.tobytes() == example.litert[number].tobytes(), f"example {number}"


def test_emitted_c_gives_the_same_bytes_on_an_emulated_cortex_m4(example: Example) -> None:
    build = compile_graph(load(example.model), Options(board=board("nucleo-l4r5zi"), name=example.name))
    runner = runner_for(build, "emulator")
    for number in range(0, len(example.inputs), len(example.inputs) // 4):
        [output] = runner.run([example.inputs[number][None]])
        assert output.tobytes() == example.litert[number].tobytes(), f"example {number}"


def test_main_c_prints_what_the_readme_shows(example: Example, build: Build, tmp_path: Path) -> None:
    (tmp_path / f"{example.name}.h").write_text(build.emitted.header, "utf-8")
    (tmp_path / f"{example.name}.c").write_text(build.emitted.source, "utf-8")
    tool = compiler_for(board("host").core, "clang")
    warnings = [flag for flag in tool.compile_flags("O2") if flag.startswith("-W")]
    sources = [str(example.folder / "main.c"), f"{example.name}.c"]
    program = str(tmp_path / "demo")
    command = [*tool.command, *warnings, "-std=c99", "-I.", *sources, "-o", program]
    run_tool(command, directory=tmp_path, what="main.c")
    answer = subprocess.run([program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout in (example.folder / "README.md").read_text("utf-8")


@pytest.mark.long
def test_training_again_reaches_the_same_accuracy(example: Example, tmp_path: Path) -> None:
    """Other processors round the floats of training differently: another file, the same accuracy."""
    pytest.importorskip("torch", reason="training needs PyTorch: pip install milliwatt[train]")
    pytest.importorskip("sklearn", reason="training needs scikit-learn: pip install milliwatt[train]")
    if example.name == "keyword" and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed, which makes this example's speech")
    command = [sys.executable, str(example.folder / "train.py"), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    again = json.loads((tmp_path / "expected.json").read_text("utf-8"))
    if "correct" in again:
        assert again["correct"] >= LEAST_ACCURACY[example.name] * again["examples"]
    else:
        assert again["auc"] >= LEAST_AUC
