# SPDX-License-Identifier: Apache-2.0
"""Watching memory must not change what a run does: Unicorn takes code behind a conditional load for conditional."""

from __future__ import annotations

from benchmarks.timing.probe import assemble, run

from milliwatt import targets

BOARD = targets.board("nucleo-l4r5zi")


def test_code_behind_a_conditional_load_is_not_conditional() -> None:
    """If `movs r3, #5` were skipped, as the flags then say "equal", the loop would run once."""
    code = [
        *("movs r3, #1", "cmp r3, #0", "it ne", "ldrne r1, [r2]", "movs r1, #0", "b 2f"),
        *("2: movs r3, #5", "1: subs r3, #1", "bne 1b", "bx lr"),
    ]
    image = assemble({"loop": code}, BOARD)
    trace = run(image, BOARD, "loop")
    repeated = [int(row["executions"]) for row in trace.blocks if row["bytes"] == 4]
    assert repeated == [4]
