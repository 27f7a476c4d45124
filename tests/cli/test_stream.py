# SPDX-License-Identifier: Apache-2.0
"""--stream on the command line: both forms in the reports, hop by hop in `run`, and clear refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.stream.window_models import CASES

from milliwatt.cli import main
from milliwatt.errors import UnsupportedError, UsageError
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import load
from milliwatt.testing.tflite_writer import write

STREAM = ["--stream", "1", "--hop", "2"]


@pytest.fixture(name="model")
def window_model(tmp_path: Path) -> str:
    """A file of a window model of 17 columns, with pools."""
    path = tmp_path / "window.tflite"
    path.write_bytes(write(CASES["pools"].graph()))
    return str(path)


def run(arguments: list[str]) -> int:
    """The exit status of a command line."""
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    return int(raised.value.code or 0)


def json_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command prints with --json."""
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_build_reports_both_forms(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["build", model, *STREAM, "-o", str(tmp_path)], capsys)
    assert content["stream"] == content["manifest"]["stream"]
    assert {key: content["stream"][key] for key in ("axis", "hop", "window", "runs_to_fill")} == {
        "axis": 1,
        "hop": 2,
        "window": 17,
        "runs_to_fill": 9,
    }
    header = (tmp_path / "window.h").read_text()
    assert "--stream 1 --hop 2" in header
    assert "window_init" in header
    assert "stream" not in json_of(["build", model, "-o", str(tmp_path)], capsys)


def test_profile_reports_both_forms(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["profile", model, *STREAM, "--samples", "0"], capsys)
    stream = content["stream"]
    assert stream["cycles"]["hop"] == content["cycles"]
    assert stream["ram_bytes"]["hop"] == content["ram_bytes"]
    assert set(stream["cycles"]["window"]) == {"core", "board"}
    assert 0 < stream["instructions"]["hop"] < stream["instructions"]["window"]


def test_verify_compares_with_litert_on_the_window(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["verify", model, *STREAM, "--samples", "5", "--runner", "host"], capsys)
    assert content["ok"] is True
    assert content["compared"] == ["litert", "meaning", "stream", "passes", "host"]


def test_run_is_fed_hop_by_hop(model: str, tmp_path: Path) -> None:
    graph = load(model)
    frames = np.random.default_rng(0).integers(-128, 128, (12, 1, 2, 3, 4)).astype(np.int8)
    np.save(tmp_path / "in.npy", frames)
    files = ["--input", str(tmp_path / "in.npy"), "--output", str(tmp_path / "out.npy")]
    assert run(["run", model, *STREAM, *files]) == 0
    sequence = np.concatenate(list(frames), axis=1)
    got = np.load(tmp_path / "out.npy")
    for hop in range(9, 13):
        (expected,) = Interpreter(graph).run([sequence[:, 2 * hop - 17 : 2 * hop]])
        assert np.array_equal(got[hop - 1], expected)


def test_inspect_shows_the_streamed_graph(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["inspect", model, *STREAM], capsys)
    assert content["states"]
    assert "int8[1, 2, 3, 4]" in content["inputs"][0]["type"]


def test_refusals(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", model, "--hop", "2"]) == UsageError.exit_status
    assert "--hop without --stream" in capsys.readouterr().err
    assert run(["inspect", model, "--stream", "1"]) == UnsupportedError.exit_status
    assert "AVERAGE_POOL_2D" in capsys.readouterr().err
