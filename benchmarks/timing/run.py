# SPDX-License-Identifier: Apache-2.0
"""Prints the pinned programs of a core with their cycles by hand and by the model.

python -m benchmarks.timing.run
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.timing.probe import costs, programs

from milliwatt import targets


def main() -> None:
    """Print the table, and fail when a count differs."""
    board = targets.board("nucleo-l4r5zi")
    pinned = programs(Path(__file__).with_name("cortex_m4.toml"))
    modelled = costs({program.name: program.code for program in pinned}, board)
    wrong = 0
    print(f"{'program':36} {'rule':24} {'by hand':>8} {'model':>8}")
    for program in pinned:
        cycles = modelled[program.name].core_cycles
        wrong += cycles != program.cycles
        print(f"{program.name:36} {program.rule:24} {program.cycles:8g} {cycles:8g}")
    timing = board.core.timing
    print(f"\nknown error of the model: {timing.known_error if timing else 'none'}")
    if wrong:
        raise SystemExit(f"{wrong} programs differ")


if __name__ == "__main__":
    main()
