# SPDX-License-Identifier: Apache-2.0
"""Whole-dataset accuracy of the emitted C, against the figures of the models' own framework."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_accuracy", ROOT / "benchmarks/accuracy/run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up while it is being read.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCHMARK = _benchmark()
TASKS = {task.model.stem: task for task in BENCHMARK.tasks(ROOT.parent / "shared")}
# Of 1000 clips and 200 images, counted with LiteRT 2.3 on the same files. Its two engines round differently.
REFERENCE = {"kws_int8": 901, "ic_int8": 173}
DEFAULT = {"kws_int8": 902, "ic_int8": 170}


@pytest.mark.long
@pytest.mark.parametrize("name", REFERENCE)
def test_emitted_c_is_as_accurate_as_litert(name: str) -> None:
    task = TASKS[name]
    if task.missing():
        pytest.skip(f"{task.missing()} beside the checkout (../shared)")
    result = BENCHMARK.measure(task, [BENCHMARK.Numerics.LITERT, BENCHMARK.Numerics.FAST])
    assert result.differing["litert"] == 0
    assert result.correct["litert"] == result.correct["reference"] == REFERENCE[name]
    assert result.correct["fast"] == result.correct["default"] == DEFAULT[name]


def test_the_first_examples_agree_with_litert() -> None:
    result = BENCHMARK.measure(TASKS["digits"], limit=20)
    assert result.examples == 20
    assert result.differing["litert"] == 0
    assert min(result.correct.values()) >= 18


def test_missing_data_is_named_in_the_table(tmp_path: Path) -> None:
    task = dataclasses.replace(TASKS["digits"], data=tmp_path / "absent.npz")
    assert task.missing() == "absent.npz not found"
    text = BENCHMARK.markdown([(task, None)])
    assert "left out: absent.npz not found" in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1
