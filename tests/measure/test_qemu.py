# SPDX-License-Identifier: Apache-2.0
"""QEMU as a second opinion: the same bytes as the host, and the same number of instructions as Unicorn's trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.measure.sample_model import SOURCE, meaning, sample

from milliwatt import targets
from milliwatt.emit.emitted import Emitted
from milliwatt.errors import BudgetError, InternalError, ToolchainError, UsageError
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.host import HostRunner
from milliwatt.measure.qemu import QEMURunner, has_qemu, machine
from milliwatt.measure.timing import Pricer
from milliwatt.pipeline import Options, compile_graph, load
from milliwatt.samples import sample_inputs

needs_qemu = pytest.mark.skipif(
    not has_qemu(), reason="qemu-system-arm is not installed (apt-get install qemu-system-arm)"
)
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*/*.tflite"))
M4 = targets.board("nucleo-l4r5zi")
ONE_PER_CORE = {board.core.name: board for board in targets.boards() if board.core.qemu}
SAMPLES = [np.random.default_rng(seed).integers(-128, 128, 64).astype(np.int8) for seed in range(3)]


def build(path: Path, board: targets.Board) -> Emitted:
    return compile_graph(load(path), Options(board=board, name="model")).emitted


def traced(runner: EmulatorRunner, inputs: tuple[np.ndarray, ...]) -> int:
    """What Unicorn counts: executions of every basic block times the instructions in it."""
    trace = runner.trace(inputs, memory=False)
    return sum(step.instructions for step in Pricer(runner.image, runner.board).price(trace))


def agree(model: Emitted, board: targets.Board) -> None:
    """Host, Unicorn and QEMU give the same bytes; Unicorn and QEMU count the same instructions."""
    host, unicorn, qemu = HostRunner(model), EmulatorRunner(model, board), QEMURunner(model, board)
    for inputs in sample_inputs(model.plan.program.graph, samples=5, seed=7):
        for runner in (host, unicorn, qemu):
            runner.reset()
        results = [runner.run(inputs) for runner in (host, unicorn, qemu)]
        for expected, emulated, second in zip(*results, strict=True):
            assert expected.tobytes() == emulated.tobytes() == second.tobytes()
        assert qemu.instructions == traced(unicorn, inputs)
        assert qemu.instructions > 10_000


def examples() -> Iterator[tuple[Path, str]]:
    """Every example on the Cortex-M4, and the first on every other core."""
    for path in EXAMPLES:
        yield path, "cortex-m4"
    for core in ONE_PER_CORE:
        if core != "cortex-m4":
            yield EXAMPLES[0], core


@needs_qemu
@pytest.mark.parametrize(("path", "core"), list(examples()), ids=lambda value: getattr(value, "stem", value))
def test_examples_agree(path: Path, core: str) -> None:
    board = M4 if core == "cortex-m4" else ONE_PER_CORE[core]
    agree(build(path, board), board)


@needs_qemu
@pytest.mark.parametrize("board", ONE_PER_CORE.values(), ids=ONE_PER_CORE)
def test_state_integers_and_floats(board: targets.Board) -> None:
    qemu, unicorn = QEMURunner(sample(), board), EmulatorRunner(sample(), board)
    for _ in range(2):
        qemu.reset()
        for count, x in enumerate(SAMPLES):
            for left, right in zip(qemu.run([x]), meaning(x, 6 + count), strict=True):
                assert left.tobytes() == right.tobytes()
            if count == 0:
                assert qemu.instructions == traced(unicorn, (x,))


@needs_qemu
@pytest.mark.parametrize("level", ["O3", "Os"])
def test_levels(level: str) -> None:
    qemu, unicorn = QEMURunner(sample(), M4, level=level), EmulatorRunner(sample(), M4, level=level)
    assert qemu.run([SAMPLES[0]])[0].tobytes() == meaning(SAMPLES[0], 6)[0].tobytes()
    assert qemu.instructions == traced(unicorn, (SAMPLES[0],))


@needs_qemu
def test_known_number_of_instructions() -> None:
    loop = (
        '*state += 1; { int32_t n = 1000; __asm__ volatile("1: subs %0, #1\\n bne 1b" : "+r"(n) : : "cc"); }'
    )
    plain, longer = QEMURunner(sample(), M4), QEMURunner(sample(source=changed(loop)), M4)
    plain.run([SAMPLES[0]])
    longer.run([SAMPLES[0]])
    # The loop, and the one instruction that loads its count; moving the code may save or add a few more.
    assert abs(longer.instructions - plain.instructions - 2001) <= 4


def changed(code: str) -> str:
    """The sample model with other code where the state counts on."""
    return SOURCE.replace("*state += 1;", code)


FAULTS = {
    "reads where nothing is": ("*state += *(const volatile int32_t *)0x70000000u;", "address 0x70000000"),
    "undefined instruction": ("__builtin_trap();", "in sample_mix"),
}


@needs_qemu
@pytest.mark.parametrize("board", ONE_PER_CORE.values(), ids=ONE_PER_CORE)
@pytest.mark.parametrize(("code", "where"), FAULTS.values(), ids=FAULTS)
def test_faults_name_the_place(board: targets.Board, code: str, where: str) -> None:
    with pytest.raises(ToolchainError, match="stopped in sample_run") as caught:
        QEMURunner(sample(source=changed(code)), board).run([SAMPLES[0]])
    assert where in caught.value.where


@needs_qemu
def test_unaligned_access_faults_where_the_core_forbids_it() -> None:
    model = sample(source=changed("*state += *(const volatile int32_t *)(const void *)(input + 1);"))
    QEMURunner(model, M4).run([SAMPLES[0]])
    with pytest.raises(ToolchainError, match="stopped in sample_run") as caught:
        QEMURunner(model, ONE_PER_CORE["cortex-m0plus"]).run([SAMPLES[0]])
    assert caught.value.where.endswith("in sample_mix")


@needs_qemu
def test_endless_loop_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = QEMURunner(sample(source=changed("for (;;) { *(volatile int32_t *)state += 1; }")), M4)
    monkeypatch.setattr(machine, "_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(ToolchainError, match=r"stopped in sample_run: no answer within 0\.5 s"):
        runner.run([SAMPLES[0]])
    with pytest.raises(ToolchainError, match="stopped in a request"):
        runner.run([SAMPLES[0]])


@needs_qemu
@pytest.mark.long
def test_timer_that_runs_over_is_an_error() -> None:
    # 2 ** 32 ticks are 1.34e9 instructions.
    loop = '{ uint32_t n = 700000000u; __asm__ volatile("1: subs %0, #1\\n bne 1b" : "+r"(n) : : "cc"); }'
    with pytest.raises(ToolchainError, match="more instructions than the timer can count"):
        QEMURunner(sample(source=changed(loop)), M4).run([SAMPLES[0]])


@needs_qemu
def test_status_inputs_and_memory_are_checked() -> None:
    source = SOURCE.replace("(base + 192));\n    return 0;", "(base + 192));\n    return -3;")
    with pytest.raises(InternalError, match="sample_run returned -3"):
        QEMURunner(sample(source=source), M4).run([SAMPLES[0]])
    with pytest.raises(UsageError, match="has 1 inputs, but 0"):
        QEMURunner(sample(), M4).run([])
    small = targets.board("nucleo-g0b1re")
    large = build_large()
    with pytest.raises(BudgetError, match="bytes of arena") as caught:
        QEMURunner(large, small)
    assert caught.value.where == "nucleo-g0b1re"


def build_large() -> Emitted:
    """The sample model with an arena of more than the RAM of the smallest board."""
    model = sample()
    return replace(model, plan=replace(model.plan, arena_bytes=150_000))


@pytest.mark.parametrize(
    ("name", "message"),
    [("esp32-c3-devkitm-1", "QEMU runs no RISC-V RV32IMC"), ("host", "the host is not emulated")],
)
def test_boards_without_a_machine(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        QEMURunner(sample(), targets.board(name))
    assert "--runner" in caught.value.hint


def test_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    machine.program.cache_clear()
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
    try:
        assert not has_qemu()
        with pytest.raises(ToolchainError, match="qemu-system-arm is not installed") as caught:
            QEMURunner(sample(), M4)
    finally:
        machine.program.cache_clear()
    assert "apt-get install qemu-system-arm" in caught.value.hint
