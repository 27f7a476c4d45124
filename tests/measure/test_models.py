# SPDX-License-Identifier: Apache-2.0
"""A reference model through all of the runners, and its profile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from milliwatt import targets
from milliwatt.emit.emitted import Emitted
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.host import HostRunner
from milliwatt.measure.profile import profile
from milliwatt.pipeline import Options, compile_graph, load
from milliwatt.samples import sample_inputs

ONE_PER_CORE = {
    board.core.name: board for board in reversed(targets.boards()) if not board.core.is_host
}  # fmt: skip


def build(path: Path, board: targets.Board) -> Emitted:
    return compile_graph(load(path), Options(board=board, name="model")).emitted


@pytest.mark.parametrize("board", ONE_PER_CORE.values(), ids=ONE_PER_CORE)
def test_keyword_spotting_is_the_same_everywhere(
    shared_model: Callable[[str], Path], board: targets.Board
) -> None:
    model = build(shared_model("kws_int8.tflite"), board)
    host, device = HostRunner(model), EmulatorRunner(model, board)
    for inputs in sample_inputs(model.plan.program.graph, samples=5, seed=3):
        for left, right in zip(host.run(inputs), device.run(inputs), strict=True):
            assert left.tobytes() == right.tobytes()


def test_profile_of_keyword_spotting(shared_model: Callable[[str], Path]) -> None:
    board = targets.board("nucleo-l4r5zi")
    model = build(shared_model("kws_int8.tflite"), board)
    start = time.process_time()
    result = profile(model, board, source_macs=2656768)
    assert time.process_time() - start < 10
    assert result.core_cycles is not None
    assert result.board_cycles is not None
    # An instruction of the Cortex-M4 takes one cycle or more, and compiled code seldom two in the mean.
    assert 1.0 < result.core_cycles / result.instructions < 2.0
    # Every sector of the weights and of the code is read from flash once at least: 6.5 and 2 cycles for 8 bytes.
    touched = 6.5 * result.footprint.weights / 8 if result.footprint.weights else 0
    assert result.board_cycles - result.core_cycles > touched / 2
    assert len(result.layers) == len(model.plan.program.calls)
    heaviest = max(result.layers, key=lambda layer: layer.cycles or 0)
    assert heaviest.macs > 0


def test_zeros_and_random_cost_nearly_the_same(shared_model: Callable[[str], Path]) -> None:
    # Integer kernels hardly branch on data: what is measured does not hang on the inputs that were tried.
    board = targets.board("nucleo-l4r5zi")
    runner = EmulatorRunner(build(shared_model("ad_int8.tflite"), board), board)
    counts = [
        int((trace.blocks["executions"] * trace.blocks["bytes"]).sum())
        for trace in (
            runner.trace(inputs, memory=False)
            for inputs in sample_inputs(runner.emitted.plan.program.graph, samples=5, seed=5)
        )
    ]
    assert max(counts) <= 1.02 * min(counts)
    assert np.all(np.array(counts) > 0)
