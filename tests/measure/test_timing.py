# SPDX-License-Identifier: Apache-2.0
"""The Cortex-M4's timing: programs counted by hand, one for every rule at least."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.timing.probe import Program, costs, programs

from milliwatt import targets
from milliwatt.measure.timing import StepCost
from milliwatt.measure.timing.decode import kind_of

BOARD = targets.board("nucleo-l4r5zi")
FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "timing" / "cortex_m4.toml"
PROGRAMS = programs(FILE)


@pytest.fixture(scope="module")
def modelled() -> dict[str, StepCost]:
    return costs({program.name: program.code for program in PROGRAMS}, BOARD)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_program_counted_by_hand(program: Program, modelled: dict[str, StepCost]) -> None:
    assert modelled[program.name].core_cycles == program.cycles, program.why


def test_every_rule_is_pinned() -> None:
    timing = BOARD.core.timing
    assert timing is not None
    names = {rule.name for rule in (*timing.base, *timing.extra)}
    names |= {timing.unaligned.name, timing.offset_load_from_ram.name}
    assert {program.rule for program in PROGRAMS} == names


def test_error_is_stated() -> None:
    timing = BOARD.core.timing
    assert timing is not None
    assert "2.7 %" in timing.known_error
    assert "5.8 %" in timing.known_error
    assert all(rule.reason for rule in (*timing.base, *timing.extra))


def test_board_adds_misses(modelled: dict[str, StepCost]) -> None:
    cost = modelled["loads_in_a_row"]
    assert cost.core_cycles is not None
    assert cost.board_cycles is not None
    extra = cost.board_cycles - cost.core_cycles
    # Only instructions are read from flash: a whole number of missing sectors, 2 cycles each.
    assert extra > 0
    assert extra % 2 == 0


def test_cores_without_a_model_have_no_cycles() -> None:
    board = targets.board("nucleo-f207zg")
    cost = costs({"loop": ["movs r3, #4", "1: subs r3, #1", "bne 1b", "bx lr"]}, board)["loop"]
    assert cost == StepCost(instructions=1 + 4 * 2 + 1, core_cycles=None, board_cycles=None)


KINDS = {
    "ldrsb": "load", "ldrd": "load_pair", "ldmdb": "load_multiple", "strh": "store", "stm": "store_multiple",
    "smlad": "multiply", "smmulr": "multiply", "umaal": "multiply", "smulbb": "multiply", "udiv": "divide",
    "cbnz": "branch", "tbh": "table_branch", "sxtb16": "alu", "ssat": "alu", "vldr": "fp_load",
    "vldmia": "fp_load_multiple", "vpush": "fp_store_multiple", "vcvt": "fp", "fmstat": "fp", "it": "if_then",
}  # fmt: skip


@pytest.mark.parametrize(("mnemonic", "kind"), KINDS.items())
def test_groups_of_instructions(mnemonic: str, kind: str) -> None:
    assert kind_of(mnemonic) == kind
