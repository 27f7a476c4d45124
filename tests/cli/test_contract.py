# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: the JSON contract, files, exit statuses, wrong input."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from milliwatt.cli import main
from milliwatt.cli.console import columns
from milliwatt.errors import BudgetError, ModelError, UsageError

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "01_digits"
MODEL = str(DIGITS / "digits.tflite")


def run(arguments: Sequence[str]) -> int:
    """The exit status of a command line."""
    with pytest.raises(SystemExit) as raised:
        main(list(arguments))
    return int(raised.value.code or 0)


def json_of(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command prints with --json."""
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_profile_keeps_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["profile", MODEL, "--board", "nucleo-l4r5zi"], capsys)
    assert set(content) == {
        "model", "board", "core", "compiler", "obtained", "macs", "instructions", "cycles", "latency_ms", "ram_bytes",
        "flash_bytes", "layers",
    }  # fmt: skip
    assert set(content["macs"]) == {"source", "executed"}
    assert set(content["cycles"]) == set(content["latency_ms"]) == {"core", "board"}
    assert set(content["ram_bytes"]) == {"arena", "stack", "static", "total"}
    assert set(content["flash_bytes"]) == {"code", "weights", "total"}
    keys = {"name", "op", "kernel", "macs", "instructions", "cycles", "arena_read", "arena_write", "layer"}
    assert all(set(layer) == keys for layer in content["layers"])
    ram, flash = content["ram_bytes"], content["flash_bytes"]
    assert ram["total"] == ram["arena"] + ram["stack"] + ram["static"]
    assert flash["total"] == flash["code"] + flash["weights"]
    assert 0 < content["cycles"]["core"] <= content["cycles"]["board"]
    assert content["instructions"] == sum(layer["instructions"] for layer in content["layers"])


def test_cycles_are_null_where_no_model_is_validated(capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["profile", MODEL, "--board", "nucleo-g0b1re"], capsys)
    assert content["cycles"] == {"core": None, "board": None}
    assert content["instructions"] > 0


def test_verify_keeps_its_contract(capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(["verify", MODEL, "--samples", "5", "--seed", "1"], capsys)
    assert content["ok"] is True
    assert content["samples"] == 5
    assert content["first_difference"] is None
    assert {"litert", "meaning", "host", "emulator"} <= set(content["compared"])


def test_build_writes_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json_of(
        ["build", MODEL, "-o", str(tmp_path / "out"), "--name", "digit", "--max-ram", "50000"], capsys
    )
    assert [Path(file).name for file in content["files"]] == ["digit.h", "digit.c", "digit.json"]
    assert all(Path(file).stat().st_size > 0 for file in content["files"])
    assert len(list((tmp_path / "out").iterdir())) == 3
    header = (tmp_path / "out" / "digit.h").read_text()
    assert "int32_t digit_run(void *arena);" in header
    assert "sha256" in header
    assert " --max-ram 50000\n" in header
    assert json.loads((tmp_path / "out" / "digit.json").read_text())["name"] == "digit"


def test_two_builds_are_equal(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run(["build", MODEL, "-o", str(tmp_path / name)]) == 0
    for suffix in ("h", "c", "json"):
        first, second = ((tmp_path / name / f"digits.{suffix}").read_bytes() for name in ("a", "b"))
        assert first == second


def test_weights_in_ram_count_as_ram(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["build", MODEL, "-o", str(tmp_path), "--weights", "ram"]
    content = json_of(arguments, capsys)
    assert content["manifest"]["weights"] == "ram"
    assert content["ram_bytes"]["static"] == content["flash_bytes"]["weights"] > 0
    assert "--weights ram" in (tmp_path / "digits.h").read_text()
    assert run([*arguments, "--max-ram", str(content["ram_bytes"]["static"])]) == BudgetError.exit_status
    assert json_of(["verify", MODEL, "--weights", "ram", "--samples", "3"], capsys)["ok"] is True


@pytest.mark.parametrize("stage", ["import", "ir", "lower", "plan", "emit"])
def test_stages_can_be_shown(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert json_of(["build", MODEL, "--stop-after", stage], capsys)
    assert run(["build", MODEL, "--stop-after", stage]) == 0


@pytest.mark.parametrize("runner", ["meaning", "host", "emulator"])
def test_run_agrees_with_the_expected_classes(runner: str, tmp_path: Path) -> None:
    data = np.load(DIGITS / "digits_test.npz")
    inputs, labels = data[data.files[0]][:20, np.newaxis], data[data.files[1]][:20]
    np.save(tmp_path / "in.npy", inputs)
    arguments = [
        "run",
        MODEL,
        "--runner",
        runner,
        "-i",
        str(tmp_path / "in.npy"),
        "-o",
        str(tmp_path / "out.npy"),
    ]
    assert run(arguments) == 0
    outputs = np.load(tmp_path / "out.npy")
    assert outputs.shape == (20, 1, 10)
    assert (outputs.reshape(20, 10).argmax(axis=1) == labels).mean() >= 0.9


def test_one_sample_has_no_extra_axis(tmp_path: Path) -> None:
    inputs = np.load(DIGITS / "digits_test.npz")
    np.save(tmp_path / "in.npy", inputs[inputs.files[0]][:1])
    assert run(["run", MODEL, "-i", str(tmp_path / "in.npy"), "-o", str(tmp_path / "out.npy")]) == 0
    assert np.load(tmp_path / "out.npy").shape == (1, 10)


def test_inspect_boards_and_ops(capsys: pytest.CaptureFixture[str]) -> None:
    assert json_of(["inspect", MODEL], capsys)["nodes"]
    assert {"nucleo-l4r5zi", "arduino-nano-33-ble", "host"} <= {
        entry["name"] for entry in json_of(["boards"], capsys)
    }
    assert {"CONV_2D", "SOFTMAX"} <= {entry["name"] for entry in json_of(["ops"], capsys)}
    for arguments in (
        ["inspect", MODEL],
        ["inspect", MODEL, "--optimised"],
        ["boards"],
        ["ops"],
        ["ops", "conv_2d"],
    ):
        assert run(arguments) == 0


WRONG = {
    "a missing file": (["inspect", "nothing.tflite"], UsageError),
    "a folder": (["inspect", str(DIGITS)], UsageError),
    "an unknown suffix": (["inspect", str(DIGITS / "train.py")], UsageError),
    "an unknown board": (["profile", MODEL, "--board", "nucleo-l4r5z"], UsageError),
    "the host has no cycles": (["profile", MODEL, "--board", "host"], UsageError),
    "an unknown operator": (["ops", "FOO"], UsageError),
    "an unknown runner": (["run", MODEL, "-r", "x", "-i", "{tmp}/in.npy", "-o", "{tmp}/o.npy"], UsageError),
    "no input file": (["run", MODEL, "-i", "{tmp}/none.npy", "-o", "{tmp}/o.npy"], UsageError),
    "an input of the wrong shape": (["run", MODEL, "-i", "{tmp}/wrong.npy", "-o", "{tmp}/o.npy"], UsageError),
    "an input that is text": (["run", MODEL, "-i", "{tmp}/text.npy", "-o", "{tmp}/o.npy"], UsageError),
    "an output in no folder": (["run", MODEL, "-i", "{tmp}/in.npy", "-o", "{tmp}/no/o.npy"], UsageError),
    "an empty model": (["inspect", "{tmp}/empty.tflite"], ModelError),
    "a model of noise": (["build", "{tmp}/noise.tflite", "-o", "{tmp}"], ModelError),
    "too little RAM": (["build", MODEL, "-o", "{tmp}/b", "--max-ram", "100"], BudgetError),
    "too little flash": (["build", MODEL, "-o", "{tmp}/b", "--max-flash", "100"], BudgetError),
    "a bad prefix": (["build", MODEL, "-o", "{tmp}/b", "--name", "2x"], UsageError),
    "a bad option": (["build", MODEL, "--numerics", "exact"], UsageError),
    "a bad number": (["verify", MODEL, "--samples", "0"], UsageError),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_gets_a_clear_error(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, kind = WRONG[name]
    np.save(tmp_path / "in.npy", np.zeros((1, 8, 8, 1), np.int8))
    np.save(tmp_path / "wrong.npy", np.zeros((3, 3), np.int8))
    (tmp_path / "text.npy").write_text("not an array")
    (tmp_path / "empty.tflite").write_bytes(b"")
    (tmp_path / "noise.tflite").write_bytes(np.random.default_rng(0).bytes(500))
    before = sorted(tmp_path.iterdir())
    assert run([argument.replace("{tmp}", str(tmp_path)) for argument in arguments]) == kind.exit_status
    message = capsys.readouterr().err
    assert "rror" in message
    assert "Traceback" not in message
    assert sorted(tmp_path.iterdir()) == before, "a failed command leaves nothing behind"


def test_errors_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", "nothing.tflite", "--json"]) == UsageError.exit_status
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "UsageError"


@pytest.mark.parametrize("verb", ["build", "profile", "run", "verify", "inspect", "boards", "ops"])
def test_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    assert f"milliwatt {verb}" in capsys.readouterr().out


def test_run_counts_samples_and_says_what_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["--output", str(tmp_path / "out.npy")]
    np.save(tmp_path / "one.npy", np.zeros((1, 8, 8, 1), np.int8))
    assert run(["run", MODEL, "--input", str(tmp_path / "one.npy"), "--runner", "meaning", *output]) == 0
    assert capsys.readouterr().out.startswith("1 sample by meaning")
    np.save(tmp_path / "bad.npy", np.zeros((3, 3), np.float32))
    assert run(["run", MODEL, "--input", str(tmp_path / "bad.npy"), *output]) == 2
    assert "quantise with" in capsys.readouterr().err


def test_a_narrow_table_folds_its_last_column_and_loses_nothing() -> None:
    name = "functional_1/activation_1/Relu_with_a_long_name"
    table = columns("#", "source", right=("#",))
    table.add_row("0", name)
    console = Console(width=24, file=io.StringIO())
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert name in "".join(line[1:].strip() for line in text.splitlines())
