# SPDX-License-Identifier: Apache-2.0
"""Prices a trace: what each step costs in instructions, in cycles of the core and in cycles on the board.

A block is priced once. Its cost depends on how it was entered (in sequence, so that the instruction in
front matters, or by a branch) and on whether its last branch was taken; both were counted apart, and
their effects add up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from milliwatt.measure.disassembly import count_instructions
from milliwatt.measure.image import Image
from milliwatt.measure.timing.listing import Listing, is_branch
from milliwatt.targets import Board
from milliwatt.targets.timing import Instruction, Site, TimingModel

if TYPE_CHECKING:
    # The emulator checks its stack with this package: at run time the import would go in a circle.
    from milliwatt.measure.emulator.trace import Trace


@dataclass(frozen=True)
class StepCost:
    """What one step of a run costs.

    Attributes:
        instructions: instructions that were executed; those that an IT block skipped are counted too.
        core_cycles: cycles with memories that never wait; None when the core has no validated model.
        board_cycles: cycles with the board's flash; None when core or board has no validated model.
    """

    instructions: int
    core_cycles: float | None
    board_cycles: float | None


@dataclass(frozen=True)
class _BlockPrice:
    """Cost of a block per execution, and what changes when it is entered or left in sequence."""

    instructions: int
    cycles: float
    sequential: float
    fell_through: float
    offset_loads: tuple[int, ...]


def _step_cost(board: Board, row: object, instructions: int, block_cycles: float) -> StepCost:
    timing, memory = board.core.timing, board.memory
    if timing is None:
        return StepCost(instructions, None, None)
    counts = {name: int(row[name]) for name in ("unaligned", "instruction_misses", "data_misses")}  # type: ignore[index]
    core = block_cycles + timing.unaligned.cycles * counts["unaligned"]
    if memory is None:
        return StepCost(instructions, core, None)
    extra = memory.extra_cycles(
        instruction_misses=counts["instruction_misses"], data_misses=counts["data_misses"]
    )
    return StepCost(instructions, core, core + extra)


def _from_ram(loads: Counter[tuple[int, int]], trace: Trace) -> Counter[tuple[int, int]]:
    """How often each (step, loading instruction) read RAM: its executions, less what it read from flash."""
    flash = {(int(row["step"]), int(row["address"])): int(row["words"]) for row in trace.flash_loads}
    return Counter({place: count - flash.get(place, 0) for place, count in loads.items()})


class Pricer:
    """Prices traces of one linked model on one board; each distinct block is decoded and priced once.

    Args:
        image: the linked model.
        board: the board that it was linked for.
    """

    def __init__(self, image: Image, board: Board) -> None:
        self._image = image
        self._board = board
        self._listing = Listing(image, board.core.isa)
        self._known: dict[tuple[int, int], _BlockPrice] = {}

    def price(self, trace: Trace) -> tuple[StepCost, ...]:
        """The cost of every step of a run.

        Raises:
            InternalError: a block does not fit the instructions of the linked file.
        """
        instructions = [0] * len(trace.steps)
        cycles = [0.0] * len(trace.steps)
        offset_loads: Counter[tuple[int, int]] = Counter()
        for row in trace.blocks:
            step, executions = int(row["step"]), int(row["executions"])
            block = self._block(int(row["address"]), int(row["bytes"]))
            instructions[step] += executions * block.instructions
            cycles[step] += executions * block.cycles
            cycles[step] += int(row["sequential"]) * block.sequential
            cycles[step] += int(row["fell_through"]) * block.fell_through
            offset_loads.update({(step, address): executions for address in block.offset_loads})
        timing = self._board.core.timing
        if timing is not None:
            for (step, _), count in _from_ram(offset_loads, trace).items():
                cycles[step] += timing.offset_load_from_ram.cycles * count
        return tuple(
            _step_cost(self._board, row, count, cost)
            for row, count, cost in zip(trace.steps, instructions, cycles, strict=True)
        )

    def _block(self, address: int, size: int) -> _BlockPrice:
        key = (address, size)
        if key not in self._known:
            timing = self._board.core.timing
            if timing is None:
                count = count_instructions(self._image, self._board.core.isa, address=address, size=size)
                self._known[key] = _BlockPrice(count, 0.0, 0.0, 0.0, ())
            else:
                self._known[key] = self._priced(timing, self._listing.block(address, size))
        return self._known[key]

    def _priced(self, timing: TimingModel, block: tuple[Instruction, ...]) -> _BlockPrice:
        branched = self._cost(timing, block, sequential=False, taken=True)
        in_sequence = self._cost(timing, block, sequential=True, taken=True)
        not_taken = self._cost(timing, block, sequential=False, taken=False)
        offset_loads = tuple(
            instruction.address
            for instruction in block
            if instruction.kind == "load" and instruction.offset_register
        )
        return _BlockPrice(len(block), branched, in_sequence - branched, not_taken - branched, offset_loads)

    def _cost(
        self, timing: TimingModel, block: tuple[Instruction, ...], *, sequential: bool, taken: bool
    ) -> float:
        total = 0.0
        previous = self._listing.before(block[0].address) if sequential else None
        run = self._listing.wide_run(previous) if previous else 0
        for instruction in block:
            run = run + 1 if instruction.wide_unaligned and not is_branch(instruction) else 0
            leaves = taken and instruction is block[-1]
            total += timing.cycles(Site(instruction, previous=previous, taken=leaves, wide_run=run))
            previous = instruction
        return total
