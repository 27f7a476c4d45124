# SPDX-License-Identifier: Apache-2.0
"""Import is total: a damaged .tflite file is a verified graph or one of our errors, soon and in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.fuzz.burdens import BURDENS

from milliwatt.errors import UsageError
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import recipes
from milliwatt.testing.tflite_writer import write, write_records

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "models"
SMALL = 100_000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file per operator, and the reference models where they lie beside the checkout."""
    folder = tmp_path_factory.mktemp("corpus")
    for op, recipe in recipes().items():
        for dtype in recipe.dtypes:
            build = GraphBuilder(np.random.default_rng(0), max_elements=64)
            recipe.make(build, dtype)
            try:
                (folder / f"{op}_{dtype.value}.tflite").write_bytes(write(build.graph()))
            except UsageError:
                continue  # an operator that TFLite files cannot hold
    for path in SHARED.glob("*.tflite"):
        if path.stat().st_size < SMALL:
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def fuzz(corpus: Path, kind: str, first_seed: int, count: int) -> dict[str, int]:
    """Import ``count`` damaged files in a child process; outcomes by name."""
    script = str(HERE / "import_many.py")
    command = [sys.executable, script, str(corpus), ".tflite", kind, str(first_seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + count, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert not report["failures"], "\n".join(report["failures"][:5])
    assert report["slowest"] < 5
    return dict(report["outcomes"])


@pytest.mark.parametrize("kind", ["mutations", "record_mutations"])
def test_damaged_files(corpus: Path, kind: str) -> None:
    outcomes = fuzz(corpus, kind, 0, 600)
    assert sum(outcomes.values()) == 600
    assert {"graph", "ModelError", "UnsupportedError"} <= set(outcomes), "the damage must reach every outcome"


def test_burdens(tmp_path: Path) -> None:
    """Sound files that are as costly as they can be are read, or refused, within the same bounds."""
    for number, make in enumerate(BURDENS.values()):
        (tmp_path / f"{number:02}.tflite").write_bytes(write_records(make()))
    assert sum(fuzz(tmp_path, "as_they_are", 0, len(BURDENS)).values()) == len(BURDENS)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mutations", "record_mutations"])
@pytest.mark.parametrize("first_seed", range(1_000_000, 1_050_000, 10_000))
def test_many_damaged_files(corpus: Path, kind: str, first_seed: int) -> None:
    fuzz(corpus, kind, first_seed, 10_000)
