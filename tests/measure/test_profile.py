# SPDX-License-Identifier: Apache-2.0
"""The profile: its JSON form, its sums, what it leaves out where nothing was validated, and its errors."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.measure.sample_model import SOURCE, sample

from milliwatt import targets
from milliwatt.errors import UsageError
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.footprint import footprint
from milliwatt.measure.profile import Profile, profile
from milliwatt.measure.timing import Pricer

M4 = targets.board("nucleo-l4r5zi")
DEVICES = [board for board in targets.boards() if not board.core.is_host]


@pytest.fixture(scope="module")
def whole() -> Profile:
    return profile(sample(), M4, source_macs=1000)


def test_json_form(whole: Profile) -> None:
    table = json.loads(json.dumps(whole.to_json()))
    assert list(table) == [
        "model", "board", "core", "compiler", "obtained", "macs", "instructions", "cycles", "latency_ms",
        "ram_bytes", "flash_bytes", "layers",
    ]  # fmt: skip
    assert set(table["macs"]) == {"source", "executed"}
    assert set(table["cycles"]) == set(table["latency_ms"]) == {"core", "board"}
    assert set(table["ram_bytes"]) == {"arena", "stack", "static", "total"}
    assert set(table["flash_bytes"]) == {"code", "weights", "total"}
    assert all(
        set(layer) == {"name", "op", "kernel", "macs", "instructions", "cycles", "arena_read", "arena_write"}
        for layer in table["layers"]
    )
    assert (table["model"], table["board"], table["core"]) == ("sample", "nucleo-l4r5zi", "cortex-m4")


def test_sums(whole: Profile) -> None:
    table = whole.to_json()
    assert table["macs"] == {"source": 1000, "executed": 64}
    assert table["instructions"] == sum(layer.instructions for layer in whole.layers)
    assert table["cycles"]["core"] == sum(layer.cycles or 0 for layer in whole.layers)
    assert table["cycles"]["board"] > table["cycles"]["core"] > table["instructions"]
    assert table["latency_ms"]["board"] == table["cycles"]["board"] / 120_000
    ram, flash = table["ram_bytes"], table["flash_bytes"]
    assert ram["total"] == ram["arena"] + ram["stack"] + ram["static"]
    assert (ram["arena"], ram["static"]) == (260, 0)
    assert flash["total"] == flash["code"] + flash["weights"]
    assert flash["weights"] == 64


def test_layers(whole: Profile) -> None:
    first, second, third = whole.layers
    assert [layer.kernel for layer in whole.layers] == ["twice", "twice", "mix"]
    assert [layer.name for layer in whole.layers] == ["t", "u", "y"]
    assert abs(first.instructions - second.instructions) <= 10  # the same function; only the caller differs
    assert third.instructions > first.instructions
    assert (third.arena_read, third.arena_write) == (64, 128)


def test_says_how_numbers_were_obtained(whole: Profile) -> None:
    assert "Unicorn" in whole.obtained["instructions"]
    assert "2.7 %" in whole.obtained["cycles.core"]
    assert "1.3 %" in whole.obtained["cycles.board"]


@pytest.mark.parametrize("board", DEVICES, ids=lambda board: board.name)
def test_cycles_only_where_a_model_was_validated(board: targets.Board) -> None:
    result = profile(sample(), board, source_macs=64, samples=0)
    assert result.instructions > 0
    assert (result.core_cycles is not None) == (board.core.timing is not None)
    assert (result.board_cycles is not None) == (board.memory is not None)
    assert (result.core_ms is not None) == (board.core.timing is not None)
    if board.core.timing is None:
        assert all(layer.cycles is None for layer in result.layers)
        assert result.obtained["cycles.core"].startswith("not given")


def test_slowest_input_is_reported() -> None:
    # The model spins once for every unit of the first input: all highest is the slowest.
    spin = "for (volatile int32_t n = input[0]; n > 0; n--) { }\n    *state += 1;"
    model = sample(source=SOURCE.replace("*state += 1;", spin))
    result = profile(model, M4, source_macs=64)
    runner = EmulatorRunner(model, M4)
    pricer = Pricer(runner.image, M4)
    by_hand = [
        round(
            sum(step.core_cycles or 0 for step in pricer.price(runner.trace([np.full(64, level, np.int8)])))
        )
        for level in (-128, 0, 127)
    ]
    assert by_hand[2] > by_hand[1] > by_hand[0]
    assert result.core_cycles == pytest.approx(by_hand[2], abs=3)


def test_profile_is_deterministic(whole: Profile) -> None:
    assert profile(sample(), M4, source_macs=1000) == whole


def test_host_is_not_measured() -> None:
    with pytest.raises(UsageError, match="needs a device board"):
        profile(sample(), targets.board("host"), source_macs=64)
    assert footprint(sample(), targets.board("host")).to_json() == {
        "ram_bytes": {"arena": 260, "stack": None, "static": None, "total": None},
        "flash_bytes": {"code": None, "weights": None, "total": None},
    }


def test_footprint_is_the_profile_s(whole: Profile) -> None:
    assert footprint(sample(), M4) == whole.footprint
