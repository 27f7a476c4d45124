# SPDX-License-Identifier: Apache-2.0
"""`milliwatt profile`: cycles, time, RAM and flash on a board that need not be on the desk, layer by layer."""

from __future__ import annotations

from typing import Annotated

import typer

from milliwatt.cli.console import errors, print_json
from milliwatt.cli.inspect import node_macs
from milliwatt.cli.options import (
    DEFAULT_BOARD,
    AsJson,
    BoardName,
    Goal,
    Model,
    NumericsName,
    Optimize,
    Prefix,
    Seed,
    build_from,
)
from milliwatt.measure.profile import profile
from milliwatt.ops import Numerics

NAME = "profile"
EXAMPLE = "Example: [bold]milliwatt profile model.tflite --board nucleo-l4r5zi --json[/]"


def verb(
    model: Model,
    board: BoardName = DEFAULT_BOARD,
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, help="Inputs to take the worst of.")] = 4,
    seed: Seed = 0,
    numerics: NumericsName = Numerics.LITERT,
    optimize: Goal = Optimize.BALANCED,
    name: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """Measure a model on an emulated board: instructions, cycles, milliseconds, RAM and flash, layer by layer."""
    build = build_from(model, board=board, numerics=numerics, name=name, optimize=optimize)
    console = errors()
    with console.status("profiling") if console.is_terminal and not as_json else _silence():
        result = profile(
            build.emitted,
            build.options.board,
            samples=samples,
            seed=seed,
            macs_source=sum(node_macs(build.imported)),
        )
    if as_json:
        print_json(result.to_json())
    else:
        show(result)


def _silence() -> object:
    from contextlib import nullcontext

    return nullcontext()
