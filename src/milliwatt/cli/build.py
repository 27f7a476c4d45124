# SPDX-License-Identifier: Apache-2.0
"""`milliwatt build`: a model in, two C files and a manifest out, with the report of what they cost."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from milliwatt.cli.array_files import write_whole
from milliwatt.cli.console import print_json, results
from milliwatt.cli.models import InputShapes, Model, Trust, read_model
from milliwatt.cli.options import (
    DEFAULT_BOARD,
    AsJson,
    BoardName,
    Goal,
    MaxFlash,
    MaxRam,
    NumericsName,
    Optimize,
    Prefix,
    WeightsIn,
    WeightsPlace,
    build_from,
    level_for,
)
from milliwatt.cli.report import cost_lines, facts, usage
from milliwatt.cli.stages import STAGES, show_stage
from milliwatt.cli.stream_report import stream_json, stream_line
from milliwatt.cli.streaming import Hop, StreamAxis, streaming
from milliwatt.emit.emitted import Emitted
from milliwatt.errors import BudgetError, UsageError
from milliwatt.measure.footprint import Footprint, footprint
from milliwatt.ops import Numerics
from milliwatt.pipeline import Build, with_facts

NAME = "build"
EXAMPLE = "Example: [bold]milliwatt build model.tflite --board nucleo-l4r5zi -o firmware/model[/]"

Stage = Enum("Stage", {name.upper(): name for name in STAGES}, type=str)  # type: ignore[misc]


def verb(
    model: Model,
    board: BoardName = DEFAULT_BOARD,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the three files.")] = Path(),
    numerics: NumericsName = Numerics.LITERT,
    optimize: Goal = Optimize.BALANCED,
    weights: WeightsPlace = WeightsIn.FLASH,
    name: Prefix = "",
    max_ram: MaxRam = None,
    max_flash: MaxFlash = None,
    stream: StreamAxis = None,
    hop: Hop = None,
    stop_after: Annotated[
        Stage | None, typer.Option("--stop-after", help="Show a stage's result and stop.")
    ] = None,
    input_shape: InputShapes = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Compile a model to NAME.h, NAME.c and NAME.json, and print what they cost on the board."""
    chosen = streaming(stream, hop)
    source = read_model(model, input_shapes=input_shape, trust=trust)
    build = build_from(
        source,
        board=board,
        numerics=numerics,
        name=name,
        optimize=optimize,
        weights=weights,
        max_ram=max_ram,
        stream=chosen,
    )
    if stop_after is not None:
        show_stage(build, stop_after.value, as_json=as_json)
        return
    cost = footprint(build.emitted, build.options.board, level=level_for(optimize))
    check_budgets(build, cost, max_ram=max_ram, max_flash=max_flash)
    streamed = {} if chosen is None else {"stream": stream_json(build, chosen)}
    lines = [] if chosen is None else [stream_line(build, chosen)]
    build = with_facts(build, [*facts(build, cost), *lines], {"footprint": cost.to_json(), **streamed})
    paths = write_files(build.emitted, output)
    if as_json:
        print_json(
            {
                "files": [str(path) for path in paths],
                **cost.to_json(),
                **streamed,
                "manifest": dict(build.emitted.manifest),
            }
        )
        return
    console = results()
    console.print(f"[bold]{build.emitted.name}[/] for {build.options.board.title}")
    for line in (*cost_lines(build, cost), *lines):
        console.print(f"  {line}", markup=False)
    console.print(f"  wrote {', '.join(str(path) for path in paths)}", markup=False)
    console.print("\nCall it from your firmware:\n")
    for line in usage(build):
        console.print(f"    {line}", markup=False, highlight=False)


def check_budgets(build: Build, cost: Footprint, *, max_ram: int | None, max_flash: int | None) -> None:
    """Hold what was built against the user's budgets and the board's memories.

    Raises:
        BudgetError: it does not fit; the error names the largest parts.
    """
    board = build.options.board
    limits = (
        (
            "RAM",
            cost.ram_total,
            max_ram,
            "max-ram",
            board.ram,
            f"arena {cost.arena}, stack {cost.stack}, static {cost.static}",
        ),
        (
            "flash",
            cost.flash_total,
            max_flash,
            "max-flash",
            board.flash,
            f"weights {cost.weights}, code {cost.code}",
        ),
    )
    for word, needed, asked, flag, region, parts in limits:
        if needed is None:
            continue
        if asked is not None and needed > asked:
            raise BudgetError(
                f"the model needs {needed} bytes of {word} ({parts}), more than --{flag} {asked}",
                where=build.imported.name,
                hint=f"--{flag} {needed} fits; --optimize {word.lower()} spends less of it",
            )
        if region is not None and needed > region.bytes:
            raise BudgetError(
                f"the model needs {needed} bytes of {word} ({parts}); {board.name} has {region.bytes}",
                where=build.imported.name,
                hint="choose a larger board: `milliwatt boards`",
            )


def write_files(emitted: Emitted, folder: Path) -> list[Path]:
    """Write the three files; each is there whole or not at all.

    Raises:
        UsageError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error}", where=str(folder)) from error
    manifest: dict[str, Any] = dict(emitted.manifest)
    texts = {
        ".h": emitted.header,
        ".c": emitted.source,
        ".json": json.dumps(manifest, indent=2) + "\n",
    }
    paths = []
    for suffix, text in texts.items():
        path = folder / f"{emitted.name}{suffix}"
        write_whole(path, lambda stream, content=text: stream.write(content.encode()))
        paths.append(path)
    return paths
