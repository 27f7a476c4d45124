# SPDX-License-Identifier: Apache-2.0
"""Makes runners for a build by name, and runs a build step by step to find where it goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from milliwatt.emit.emission import emit
from milliwatt.errors import UsageError
from milliwatt.measure.host import HostRunner
from milliwatt.measure.sanitized import SanitizedRunner
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Build
from milliwatt.verification import Runner

Array = npt.NDArray[Any]

NAMES = ("meaning", "host", "sanitized", "emulator", "qemu")


def runner_for(build: Build, name: str) -> Runner:
    """A runner for a build.

    Args:
        build: the build.
        name: "meaning" (NumPy), "host" (the emitted C on this computer), "sanitized" (the same under address and
            undefined-behaviour sanitizers), "emulator" (on the build's board) or "qemu" (on a machine of QEMU with
            the board's core, where QEMU is installed).

    Raises:
        UsageError: there is no such runner, or it cannot emulate the board.
        ToolchainError: what the runner needs is not installed, or refuses the model.
    """
    if name == "meaning":
        return Interpreter(build.graph, build.options.numerics)
    if name == "host":
        return HostRunner(build.emitted)
    if name == "sanitized":
        return SanitizedRunner(build.emitted)
    if name not in NAMES:
        raise UsageError(f"there is no runner {name!r}", hint=f"choose one of {', '.join(NAMES)}")
    if build.options.board.core.is_host:
        raise UsageError(
            "the host is not emulated", hint="take --runner host, or a board of `milliwatt boards`"
        )
    if name == "qemu":
        from milliwatt.measure.qemu import QEMURunner

        return QEMURunner(build.emitted, build.options.board)
    from milliwatt.measure.emulator import EmulatorRunner

    return EmulatorRunner(build.emitted, build.options.board)


def runners_for(build: Build, names: Sequence[str]) -> dict[str, Runner]:
    """Several runners by name."""
    return {name: runner_for(build, name) for name in names}


def values_by_step(build: Build, history: Sequence[Sequence[Array]]) -> Mapping[str, Array]:
    """Every value of the last of a sequence of runs, read right behind the step that makes it, on the host.

    Args:
        build: the build.
        history: the inputs of all runs since the state was reset, the last one included.
    """
    stoppable = emit(build.plan, name=build.options.name, stoppable=True)
    runner = HostRunner(stoppable)
    values: dict[str, Array] = {}
    for step, call in enumerate(build.program.calls):
        runner.reset()
        for inputs in history[:-1]:
            runner.run(inputs)
        runner.run_until(history[-1], step + 1)
        for output in call.outputs:
            values[output] = runner.value(output)
    return values
