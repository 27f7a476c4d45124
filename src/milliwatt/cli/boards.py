# SPDX-License-Identifier: Apache-2.0
"""`milliwatt boards`: the boards that a model can be built for."""

from __future__ import annotations

from typing import Any

import typer

from milliwatt.cli.console import columns, print_json, results
from milliwatt.targets import Board, boards

NAME = "boards"
EXAMPLE = "Example: [bold]milliwatt boards --json[/]"


def describe(board: Board) -> dict[str, Any]:
    """A board as JSON."""
    return {
        "name": board.name,
        "title": board.title,
        "core": board.core.name,
        "clock_hz": board.clock_hz,
        "ram_bytes": None if board.ram is None else board.ram.bytes,
        "flash_bytes": None if board.flash is None else board.flash.bytes,
        "cycles": "core and board" if board.memory else "core" if board.core.timing else None,
        "notes": board.notes,
        "source": board.source,
    }


def verb(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the boards that models can be built for. Your own board is a path to a TOML file."""
    described = [describe(board) for board in boards()]
    if as_json:
        print_json(described)
        return
    table = columns(
        "board", "core", "clock", "RAM", "flash", "cycles", "what it is", right=("clock", "RAM", "flash")
    )
    for entry in described:
        clock, ram, flash = entry["clock_hz"], entry["ram_bytes"], entry["flash_bytes"]
        table.add_row(
            entry["name"],
            entry["core"],
            f"{clock / 1e6:g} MHz" if clock else "-",
            f"{ram // 1024} KiB" if ram else "-",
            f"{flash // 1024} KiB" if flash else "-",
            entry["cycles"] or "instructions only",
            entry["title"],
        )
    results().print(table)
