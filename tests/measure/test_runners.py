# SPDX-License-Identifier: Apache-2.0
"""The runners: host, sanitized host and every emulated board give the same bytes as the model's meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.measure.sample_model import SOURCE, meaning, sample

from milliwatt import targets
from milliwatt.errors import BudgetError, InternalError, ToolchainError, UsageError, VerificationError
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.host import HostRunner
from milliwatt.measure.sanitized import SanitizedRunner, Sanitizers

DEVICES = [board for board in targets.boards() if not board.core.is_host]
SAMPLES = [np.random.default_rng(seed).integers(-128, 128, 64).astype(np.int8) for seed in range(5)]
M4 = targets.board("nucleo-l4r5zi")


def expect(run: Callable[[list[np.ndarray]], list[np.ndarray]]) -> None:
    """Run the samples one after the other, the state counting on from 5."""
    for count, x in enumerate(SAMPLES):
        got = run([x])
        for left, right in zip(got, meaning(x, 6 + count), strict=True):
            assert left.tobytes() == right.tobytes()


def test_host() -> None:
    runner = HostRunner(sample())
    expect(runner.run)
    runner.reset()
    expect(runner.run)


@pytest.mark.parametrize("board", DEVICES, ids=lambda board: board.name)
def test_emulator(board: targets.Board) -> None:
    runner = EmulatorRunner(sample(), board)
    expect(runner.run)
    runner.reset()
    expect(runner.run)


@pytest.mark.parametrize("level", ["O3", "Os", "Oz"])
def test_levels_compute_the_same(level: str) -> None:
    expect(EmulatorRunner(sample(), M4, level=level).run)


@pytest.mark.parametrize("board", DEVICES, ids=lambda board: board.name)
@pytest.mark.parametrize("memory", [False, True])
def test_counted_runs_compute_the_same(board: targets.Board, memory: bool) -> None:
    runner = EmulatorRunner(sample(), board)
    for x in SAMPLES[:2]:
        trace = runner.trace([x], memory=memory)
        assert trace.outputs[0].tobytes() == meaning(x, 6)[0].tobytes()


def test_sanitized() -> None:
    results = iter(SanitizedRunner(sample()).run_all([[x] for x in SAMPLES]))
    expect(lambda _: next(results))


def test_values_can_be_read() -> None:
    for runner in (HostRunner(sample()), EmulatorRunner(sample(), M4)):
        runner.run([SAMPLES[0]])
        assert (runner.value("t") == np.clip(2 * SAMPLES[0].astype(np.int32) + 1, -128, 127)).all()
        with pytest.raises(UsageError, match="no value 'gone'"):
            runner.value("gone")


@pytest.mark.parametrize("make", [HostRunner, lambda model: EmulatorRunner(model, M4), SanitizedRunner])
@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "has 1 inputs, but 0"),
        ([np.zeros(63, np.int8)], r"must be int8 \(64,\), but is int8 \(63,\)"),
        ([np.zeros(64, np.float32)], "but is float32"),
    ],
)
def test_wrong_inputs(make: Callable[..., HostRunner], inputs: list[np.ndarray], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make(sample()).run(inputs)


def test_writing_beside_the_arena() -> None:
    source = SOURCE.replace("*state += 1;", "*state += 1; state[1] = 7;")
    with pytest.raises(VerificationError, match="outside of its arena"):
        HostRunner(sample(source=source)).run([SAMPLES[0]])


def test_error_status() -> None:
    source = SOURCE.replace("(base + 192));\n    return 0;", "(base + 192));\n    return -3;")
    assert source != SOURCE
    for runner in (HostRunner(sample(source=source)), EmulatorRunner(sample(source=source), M4)):
        with pytest.raises(InternalError, match="sample_run returned -3"):
            runner.run([SAMPLES[0]])


SANITIZED = {
    "overflow": ("*state += 1;", "*state += 2147483647;"),
    "shift": ("*state += 1;", "*state += 1 << (*state + 40);"),
}


@pytest.mark.parametrize(("old", "new"), SANITIZED.values(), ids=SANITIZED)
def test_undefined_behaviour(old: str, new: str) -> None:
    runner = SanitizedRunner(sample(source=SOURCE.replace(old, new)))
    with pytest.raises(VerificationError, match="stopped by a sanitizer"):
        runner.run([SAMPLES[0]])


def test_undefined_behaviour_without_a_system_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    from milliwatt.measure import sanitized

    sanitized.sanitizers.cache_clear()
    monkeypatch.setattr(sanitized.shutil, "which", lambda _: None)
    tools = sanitized.sanitizers()
    sanitized.sanitizers.cache_clear()
    assert isinstance(tools, Sanitizers)
    assert tools.names == ("undefined",)
    monkeypatch.setattr(sanitized, "sanitizers", lambda: tools)
    with pytest.raises(VerificationError, match="stopped by a sanitizer"):
        SanitizedRunner(sample(source=SOURCE.replace("*state += 1;", "*state += 2147483647;"))).run(
            [SAMPLES[0]]
        )


def test_reading_beside_the_arena() -> None:
    runner = SanitizedRunner(sample(source=SOURCE.replace("input[4 * i + j]", "input[4 * i + j + 9999]")))
    if "address" not in runner.sanitizers:
        pytest.skip("no system compiler with AddressSanitizer is installed")
    with pytest.raises(VerificationError, match="AddressSanitizer"):
        runner.run([SAMPLES[0]])


FAULTS = {
    "reads where nothing is": (
        "*state += *(const volatile int32_t *)0x50000000u;",
        "data address 0x50000000",
    ),
    "writes to flash": ("*(volatile int32_t *)0x08000010u = 1;", "data address 0x08000010"),
    "stops": ("__builtin_trap();", "sample_mix"),
}


@pytest.mark.parametrize(("code", "where"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_place(code: str, where: str) -> None:
    source = SOURCE.replace("*state += 1;", code)
    with pytest.raises(ToolchainError, match="stopped in sample_run") as caught:
        EmulatorRunner(sample(source=source), M4).run([SAMPLES[0]])
    assert where in caught.value.where


def test_unaligned_access_is_found_where_the_core_forbids_it() -> None:
    access = "*state += *(const volatile int32_t *)(const void *)(input + 1);"
    model = sample(source=SOURCE.replace("*state += 1;", access))
    assert EmulatorRunner(model, M4).trace([SAMPLES[0]]).steps["unaligned"].tolist() == [0, 0, 1]
    with pytest.raises(ToolchainError, match="unaligned data access") as caught:
        EmulatorRunner(model, targets.board("nucleo-g0b1re")).trace([SAMPLES[0]])
    assert caught.value.where.endswith("in sample_mix")


@pytest.mark.parametrize(("arena", "fits"), [(10**6, False), (655_360 - 64, False), (655_360 - 320, True)])
def test_arena_and_stack_must_fit_the_ram(arena: int, fits: bool) -> None:
    model = sample()
    model = replace(model, plan=replace(model.plan, arena_bytes=arena))
    if fits:
        expect(EmulatorRunner(model, M4).run)
        return
    with pytest.raises(BudgetError, match=f"{arena} bytes of arena and") as caught:
        EmulatorRunner(model, M4)
    assert caught.value.where == "nucleo-l4r5zi"
