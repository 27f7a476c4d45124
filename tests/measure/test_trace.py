# SPDX-License-Identifier: Apache-2.0
"""The counting trace against counts made by hand, and its caches against a second implementation."""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.timing.probe import assemble, run
from tests.measure.sample_model import SOURCE, sample
from unicorn.unicorn_const import UC_HOOK_CODE

from milliwatt import targets
from milliwatt.errors import InternalError
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.timing import Pricer
from milliwatt.measure.timing.listing import Listing

BOARD = targets.board("nucleo-l4r5zi")
DEVICES = [board for board in targets.boards() if not board.core.is_host]


class Cache:
    """Fully associative, least recently used, by sector: an ordered dict of lines to sets of sectors."""

    def __init__(self, lines: int) -> None:
        self.lines = lines
        self.held: OrderedDict[int, set[int]] = OrderedDict()
        self.misses = 0

    def touch(self, address: int, size: int) -> None:
        for sector in range(address // 8, (address + size - 1) // 8 + 1):
            line = sector // 4
            if line not in self.held and len(self.held) == self.lines:
                self.held.popitem(last=False)
            sectors = self.held.setdefault(line, set())
            self.held.move_to_end(line)
            self.misses += sector not in sectors
            sectors.add(sector)


def test_counts_of_a_loop() -> None:
    code = ["movs r3, #5", "1: subs r3, #1", "bne 1b", "bx lr"]
    image = assemble({"loop": code}, BOARD)
    start = image.entries["loop"]
    trace = run(image, BOARD, "loop")
    rows = {(int(row["address"]) - start, int(row["bytes"])): row for row in trace.blocks}
    # The first block runs from the entry through the branch, the second begins at the target.
    assert set(rows) == {(0, 6), (2, 4), (6, 2)}
    counts = {
        key: (int(row["executions"]), int(row["sequential"]), int(row["fell_through"]))
        for key, row in rows.items()
    }
    assert counts == {(0, 6): (1, 0, 0), (2, 4): (4, 0, 1), (6, 2): (1, 1, 0)}


@pytest.mark.parametrize("board", DEVICES, ids=lambda board: board.name)
def test_instructions_against_counting_each(board: targets.Board) -> None:
    runner = EmulatorRunner(sample(), board)
    x = np.random.default_rng(3).integers(-128, 128, 64).astype(np.int8)
    trace = runner.trace([x])
    seen: Counter[int] = Counter()
    engine = runner._plain.machine.engine
    engine.hook_add(UC_HOOK_CODE, lambda _, address, size, user: seen.update((address,)))
    runner.run([x])
    counted: Counter[int] = Counter()
    skippable = set()
    listing = Listing(runner.image, board.core.isa)
    for row in trace.blocks if board.core.isa == "thumb" else ():
        for instruction in listing.block(int(row["address"]), int(row["bytes"])):
            counted[instruction.address] += int(row["executions"])
            if instruction.conditional and instruction.kind != "branch":
                skippable.add(instruction.address)
    total = sum(step.instructions for step in Pricer(runner.image, board).price(trace))
    if not skippable:
        assert total == seen.total()
    # The emulator's own callback leaves out what an IT block skips; all others must agree one by one.
    for address, count in counted.items():
        assert count == seen[address] or (address in skippable and count > seen[address])
    assert total == (counted.total() or seen.total())


def test_unaligned_accesses() -> None:
    code = ["ldr r3, [r0, #2]", "strh r3, [r0, #1]", "ldrb r3, [r0, #3]", "ldr r3, [r0, #4]", "bx lr"]
    trace = run(assemble({"mixed": code}, BOARD), BOARD, "mixed")
    assert int(trace.steps[0]["unaligned"]) == 2


def test_data_cache_against_a_second_implementation() -> None:
    # 64 words of flash are read at the word numbers that the RAM holds.
    count = 900
    generator = np.random.default_rng(7)
    near = np.cumsum(generator.integers(-3, 4, count)) % 160
    words = np.where(generator.random(count) < 0.7, near, generator.integers(0, 160, count)).astype(np.uint8)
    code = [
        "push {r4-r7, lr}", "adr r2, 9f", f"movw r3, #{count}",
        "1: ldrb r4, [r0], #1", "ldr r5, [r2, r4, lsl #2]", "subs r3, #1", "bne 1b", "pop {r4-r7, pc}",
        ".balign 32", "9: .space 640",
    ]  # fmt: skip
    image = assemble({"walk": code}, BOARD)
    trace = run(image, BOARD, "walk", data=words.tobytes())
    program = image.function_at(image.entries["walk"])
    assert program is not None
    table = program.address + program.bytes - 640
    cache = Cache(8)
    for word in words:
        cache.touch(table + 4 * int(word), 4)
    assert 100 < cache.misses < count
    assert int(trace.steps[0]["data_misses"]) == cache.misses
    assert int(trace.flash_loads["words"].sum()) == count


@pytest.mark.parametrize(("instructions", "rounds", "misses_per_round"), [(240, 3, 0), (600, 3, 150)])
def test_instruction_cache_holds_1_kib(instructions: int, rounds: int, misses_per_round: int) -> None:
    # Instructions of 2 bytes: 480 bytes stay in the cache, 1200 bytes push themselves out on every round.
    code = [f"movs r3, #{rounds}", "1:", *["adds r2, #1"] * instructions, "subs r3, #1", "bne.w 1b", "bx lr"]
    image = assemble({"line": code}, BOARD)
    start = image.entries["line"]
    trace = run(image, BOARD, "line")
    cache = Cache(32)
    body = 2 * instructions + 6
    caller = image.entries["line_run"]
    cache.touch(caller, 20)
    cache.touch(start, 2 + body)
    for _ in range(rounds - 1):
        cache.touch(start + 2, body)
    cache.touch(start + 2 + body, 2)
    cache.touch(caller + 20, 4)
    assert int(trace.steps[0]["instruction_misses"]) == pytest.approx(cache.misses, abs=2)
    again = cache.misses - (2 + body) / 8
    assert again == pytest.approx(misses_per_round * (rounds - 1), abs=12)


def test_steps_are_told_apart() -> None:
    model = sample()
    trace = EmulatorRunner(model, BOARD).trace([np.zeros(64, np.int8)])
    image = EmulatorRunner(model, BOARD).image
    names = [
        {image.function_at(int(row["address"])).name for row in trace.blocks[trace.blocks["step"] == step]}
        for step in range(3)
    ]  # type: ignore[union-attr]
    assert names[0] == {"sample_run", "sample_twice"}
    assert names[1] == {"sample_run", "sample_twice"}
    assert {"sample_run", "sample_mix"} <= names[2]
    assert "sample_twice" not in names[2]
    twice = [
        trace.blocks[
            (trace.blocks["step"] == step) & (trace.blocks["address"] >= image.entries["sample_twice"])
        ]
        for step in (0, 1)
    ]
    assert [int(row["executions"]) for row in twice[0]] == [int(row["executions"]) for row in twice[1]]
    # Weights are read from flash by the third step alone.
    assert set(trace.flash_loads["step"].tolist()) == {2}


def test_wrong_number_of_steps_is_seen() -> None:
    model = replace(sample(), step_functions=("sample_twice", "sample_mix"))
    with pytest.raises(InternalError, match="entered 3 steps instead of 2"):
        EmulatorRunner(model, BOARD).trace([np.zeros(64, np.int8)])


def test_painted_stack() -> None:
    # 512 bytes of locals that are written, and no more than a frame's worth of registers beside them.
    fill = "for (int32_t i = 0; i < 512; i++) { deep[i] = 1; }"
    deep = f"volatile uint8_t deep[512];\n    {fill}\n    *state += deep[*state];"
    source = SOURCE.replace("*state += 1;", deep)
    trace = EmulatorRunner(sample(source=source), BOARD).trace([np.zeros(64, np.int8)])
    shallow = EmulatorRunner(sample(), BOARD).trace([np.zeros(64, np.int8)])
    assert shallow.stack_bytes + 512 <= trace.stack_bytes <= shallow.stack_bytes + 512 + 64


def test_flash_loads_are_counted_by_words() -> None:
    image = assemble({"two": ["ldr r3, [r2]", "ldrd r0, r1, [r2, #8]", "bx lr"]}, BOARD)
    trace = run(image, BOARD, "two", data=struct.pack("<I", 1))
    start = image.entries["two"]
    assert {int(row["address"]) - start: int(row["words"]) for row in trace.flash_loads} == {0: 1, 2: 2}
