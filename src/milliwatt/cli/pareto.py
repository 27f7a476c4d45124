# SPDX-License-Identifier: Apache-2.0
"""`milliwatt pareto`: what a model can cost on a board, from the fastest build to the smallest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from milliwatt.cli.array_files import write_whole
from milliwatt.cli.console import columns, errors, print_json, results
from milliwatt.cli.front_picture import svg
from milliwatt.cli.models import InputShapes, Model, Trust, read_model
from milliwatt.cli.options import DEFAULT_BOARD, AsJson, BoardName, NumericsName
from milliwatt.errors import UsageError
from milliwatt.fit.front import Front, pareto
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options
from milliwatt.targets import board as find_board

NAME = "pareto"
EXAMPLE = "Example: [bold]milliwatt pareto model.tflite --board nucleo-l4r5zi -o front.svg[/]"


def verb(
    model: Model,
    board: BoardName = DEFAULT_BOARD,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also draw the front: an .svg file.")
    ] = None,
    budgets: Annotated[
        int,
        typer.Option("--budgets", min=0, help="Budgets of RAM to try between the fastest and the smallest."),
    ] = 6,
    numerics: NumericsName = Numerics.LITERT,
    input_shape: InputShapes = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Show the front of RAM, flash and cycles over all goals and budgets, every point built and measured."""
    if output is not None and output.suffix.lower() != ".svg":
        raise UsageError("the picture is an .svg file", where=str(output), hint="for example -o front.svg")
    console = errors()
    with console.status("measuring kernels") as status:
        front = pareto(
            read_model(model, input_shapes=input_shape, trust=trust).graph,
            Options(board=find_board(board), numerics=numerics),
            budgets=budgets,
            progress=status.update,
        )
    if output is not None:
        picture = svg(front)
        write_whole(output, lambda stream: stream.write(picture.encode()))
    if as_json:
        print_json(front.to_json())
    else:
        show(front, output)


def show(front: Front, output: Path | None) -> None:
    """The front as a table; points that another one dominates are told apart."""
    console = results()
    unit = "cycles" if front.points[0].cycles is not None else "instructions"
    table = columns("RAM", "flash", unit, "ms", "front", "--optimize", right=("RAM", "flash", unit, "ms"))
    for point in front.points:
        table.add_row(
            f"{point.ram_bytes:,}",
            f"{point.flash_bytes:,}",
            f"{point.time:,}",
            "-" if point.latency_ms is None else f"{point.latency_ms:.2f}",
            "yes" if point.on_front else "no",
            point.label,
        )
    console.print(table)
    console.print(
        f"{front.model} on {front.board} ({front.core}); RAM is arena, stack and static data", markup=False
    )
    for key, text in front.obtained.items():
        console.print(f"{key}: {text}", markup=False, highlight=False)
    if output is not None:
        console.print(f"wrote {output}", markup=False)
