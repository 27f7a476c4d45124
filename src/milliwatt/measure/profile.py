# SPDX-License-Identifier: Apache-2.0
"""The profile of a model on a board: instructions, cycles, time, RAM, flash and layers, and how each was obtained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy.typing as npt

from milliwatt.emit.emitted import Emitted
from milliwatt.errors import InternalError, UsageError
from milliwatt.lower.program import KernelCall, Program
from milliwatt.measure.emulator import EmulatorRunner, emulator_version
from milliwatt.measure.footprint import Footprint, footprint_of
from milliwatt.measure.timing import Pricer, StepCost
from milliwatt.measure.toolchain import CompilerName, Level
from milliwatt.samples import sample_inputs
from milliwatt.targets import Board

Array = npt.NDArray[Any]

# The inputs that every profile tries before the random ones: all zero points, all lowest, all highest.
_EXTREMES = 3


@dataclass(frozen=True)
class Layer:
    """One kernel call. ``cycles`` are those of the core, None without a validated model; arena in bytes."""

    name: str
    op: str
    kernel: str
    macs: int
    instructions: int
    cycles: int | None
    arena_read: int
    arena_write: int

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Profile:
    """What one run of a model costs on a board: the slowest of the inputs that were tried.

    Attributes:
        model, board, core, compiler: what was measured.
        obtained: for every group of numbers, how it was obtained and its known error.
        source_macs: multiply-accumulates of the imported model.
        executed_macs: those that the kernels carry out.
        instructions: instructions of one run.
        core_cycles: cycles with memories that never wait; None when the core has no validated model.
        board_cycles: cycles with the board's flash; None when core or board has no validated model.
        core_ms, board_ms: the same as times at the board's clock, in milliseconds.
        footprint: RAM and flash.
        layers: the kernel calls in order; their instructions and cycles add up to the totals.
    """

    model: str
    board: str
    core: str
    compiler: str
    obtained: Mapping[str, str]
    source_macs: int
    executed_macs: int
    instructions: int
    core_cycles: int | None
    board_cycles: int | None
    core_ms: float | None
    board_ms: float | None
    footprint: Footprint
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "obtained", MappingProxyType(dict(self.obtained)))

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "model": self.model,
            "board": self.board,
            "core": self.core,
            "compiler": self.compiler,
            "obtained": dict(self.obtained),
            "macs": {"source": self.source_macs, "executed": self.executed_macs},
            "instructions": self.instructions,
            "cycles": {"core": self.core_cycles, "board": self.board_cycles},
            "latency_ms": {"core": self.core_ms, "board": self.board_ms},
            **self.footprint.to_json(),
            "layers": [layer.to_json() for layer in self.layers],
        }


def _order(steps: Sequence[StepCost]) -> tuple[float, float, int]:
    """What "slowest" means: cycles on the board, else of the core, else instructions."""
    board = sum(step.board_cycles or 0.0 for step in steps)
    core = sum(step.core_cycles or 0.0 for step in steps)
    return board, core, sum(step.instructions for step in steps)


def profile(
    emitted: Emitted,
    board: Board,
    *,
    source_macs: int,
    samples: int = 2,
    seed: int = 0,
    level: Level = "O2",
    compiler: CompilerName = "clang",
) -> Profile:
    """Measure a model on an emulated board.

    Args:
        emitted: the model.
        board: a device board.
        source_macs: multiply-accumulates of the imported model, for comparison.
        samples: number of random inputs that are tried besides all zero points, all lowest and all highest.
        seed: of the random inputs.
        level: the optimisation level.
        compiler: clang, or gcc when it is installed.

    Raises:
        UsageError: the board is the host, or ``samples`` is negative.
        ToolchainError: it does not compile, faults, or its stack has no bound.
        BudgetError: it does not fit the board's memories.
    """
    if board.core.is_host:
        raise UsageError(
            "a profile needs a device board, the host is not measured",
            where=board.name,
            hint="choose one with `milliwatt boards`",
        )
    if samples < 0:
        raise UsageError(f"the number of samples must not be negative, but is {samples}")
    runner = EmulatorRunner(emitted, board, level=level, compiler=compiler)
    program = emitted.plan.program
    tried = list(sample_inputs(program.graph, samples=_EXTREMES + samples, seed=seed))
    steps, painted = _slowest(runner, tried)
    footprint = footprint_of(runner.image, emitted, board)
    if footprint.stack is None or painted > footprint.stack:
        raise InternalError(f"the stack reached {painted} bytes, above its bound of {footprint.stack}")
    core_cycles = _total([step.core_cycles for step in steps])
    board_cycles = _total([step.board_cycles for step in steps])
    return Profile(
        model=program.graph.name,
        board=board.name,
        core=board.core.name,
        compiler=f"{runner.built.compiler} -{runner.built.level}",
        obtained=_obtained(board, runs=len(tried), painted=painted),
        source_macs=source_macs,
        executed_macs=program.macs,
        instructions=sum(step.instructions for step in steps),
        core_cycles=core_cycles,
        board_cycles=board_cycles,
        core_ms=_milliseconds(core_cycles, board),
        board_ms=_milliseconds(board_cycles, board),
        footprint=footprint,
        layers=tuple(_layer(program, call, step) for call, step in zip(program.calls, steps, strict=True)),
    )


def _slowest(runner: EmulatorRunner, tried: Sequence[Sequence[Array]]) -> tuple[tuple[StepCost, ...], int]:
    """The costs of the slowest input's steps, and how deep the stack went in any of them.

    The slowest input is found without watching data accesses, which takes ten times as long; the watched
    run then adds what data addresses cost, and finds unaligned accesses where the core forbids them.
    """
    pricer = Pricer(runner.image, runner.board)
    quick = [runner.trace(inputs, memory=False) for inputs in tried]
    slowest = max(range(len(quick)), key=lambda index: _order(pricer.price(quick[index])))
    core = runner.board.core
    watched = core.timing is not None or not core.unaligned
    steps = pricer.price(runner.trace(tried[slowest]) if watched else quick[slowest])
    return steps, max(trace.stack_bytes for trace in quick)


def _total(cycles: Sequence[float | None]) -> int | None:
    """The sum of whole cycles per step, so that layers add up; None when a step has none."""
    known = [round(count) for count in cycles if count is not None]
    return sum(known) if len(known) == len(cycles) else None


def _milliseconds(cycles: int | None, board: Board) -> float | None:
    return None if cycles is None or board.clock_hz is None else cycles * 1000 / board.clock_hz


def _layer(program: Program, call: KernelCall, step: StepCost) -> Layer:
    return Layer(
        name=(*call.outputs, *call.writes, call.source)[0],
        op=call.op,
        kernel=call.kernel,
        macs=call.macs,
        instructions=step.instructions,
        cycles=_total([step.core_cycles]),
        arena_read=sum(program.type_of(value).bytes for value in call.reads),
        arena_write=sum(program.type_of(value).bytes for value in call.writes),
    )


def _obtained(board: Board, *, runs: int, painted: int) -> dict[str, str]:
    """How each group of numbers was obtained, with its known error."""
    timing, memory = board.core.timing, board.memory
    modelled = "not given: no timing model of this core has been validated"
    if timing is not None:
        modelled = f"modelled from emulated basic blocks, zero wait states; known error: {timing.known_error}"
    on_board = "not given: no timing model of this core has been validated"
    if timing is not None:
        on_board = "not given: no model of this board's flash has been validated"
        if memory is not None:
            on_board = f"core cycles plus simulated {memory.kind} caches; known error: {memory.known_error}"
    return {
        "instructions": f"emulated ({emulator_version()}), exact; the slowest of {runs} inputs",
        "cycles.core": modelled,
        "cycles.board": on_board,
        "latency_ms": "cycles at the board's clock",
        "ram_bytes.arena": "planned, exact",
        "ram_bytes.stack": f"upper bound from the machine code, without interrupts; the runs reached {painted} bytes",
        "ram_bytes.static": "from the linked file, exact",
        "flash_bytes": "from the linked file, exact; without start-up code and firmware",
    }
