# SPDX-License-Identifier: Apache-2.0
"""Options that several verbs share, and the build that they describe."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import typer

from milliwatt.cli.console import spinner
from milliwatt.cli.models import ReadModel
from milliwatt.emit.c_text import checked_prefix, prefix
from milliwatt.fit.kernel_choice import compile_measured, level_of
from milliwatt.measure.toolchain import Level
from milliwatt.ops import Numerics
from milliwatt.pipeline import Build, Options
from milliwatt.stream import Streaming
from milliwatt.targets import board as find_board
from milliwatt.targets import boards


def _complete_boards(incomplete: str) -> Iterable[str]:
    return (entry.name for entry in boards() if entry.name.startswith(incomplete))


class Optimize(StrEnum):
    """What to optimise for."""

    SPEED = "speed"
    BALANCED = "balanced"
    RAM = "ram"
    FLASH = "flash"


class WeightsIn(StrEnum):
    """Where the weights lie when the model runs."""

    FLASH = "flash"
    RAM = "ram"


BoardName = Annotated[
    str,
    typer.Option(
        "--board", "-b", help="The board, or a path to your own .toml.", autocompletion=_complete_boards
    ),
]
NumericsName = Annotated[
    Numerics, typer.Option("--numerics", help="The contract of rounding.", case_sensitive=False)
]
Prefix = Annotated[
    str, typer.Option("--name", help="The prefix of C names (from the file's name by default).")
]
Goal = Annotated[
    Optimize, typer.Option("--optimize", "-O", help="What to optimise for.", case_sensitive=False)
]
WeightsPlace = Annotated[
    WeightsIn,
    typer.Option(
        "--weights",
        help="Where weights lie: in flash, or in RAM, copied there by the firmware's start-up code.",
        case_sensitive=False,
    ),
]
MaxRam = Annotated[
    int | None, typer.Option("--max-ram", min=1, help="Bytes of RAM (arena, stack and static data) at most.")
]
MaxFlash = Annotated[
    int | None, typer.Option("--max-flash", min=1, help="Bytes of flash (code and weights) at most.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Samples = Annotated[
    int, typer.Option("--samples", "-n", min=1, max=1_000_000, help="Number of inputs to try.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the random inputs.")]


def level_for(optimize: Optimize) -> Level:
    """The compiler's level that goes with what the user optimises for."""
    return level_of(optimize.value)


DEFAULT_BOARD = "nucleo-l4r5zi"


def build_from(
    model: ReadModel,
    *,
    board: str,
    numerics: Numerics,
    name: str,
    optimize: Optimize = Optimize.BALANCED,
    max_ram: int | None = None,
    weights: WeightsIn = WeightsIn.FLASH,
    stream: Streaming | None = None,
) -> Build:
    """Compile the model that the shared options describe."""
    chosen = find_board(board)
    c_name = checked_prefix(name) if name else prefix(model.stem)
    graph = model.graph
    about = (
        f"{c_name}: {graph.name}, for {chosen.title} ({chosen.core.name}).",
        f"Compiled by milliwatt {version('milliwatt')}.",
        f"Do not edit. Regenerate with: milliwatt build {model.label} --board {chosen.name} "
        f"--numerics {numerics.value} --optimize {optimize.value} --weights {weights.value} --name {c_name}"
        + ("" if max_ram is None else f" --max-ram {max_ram}")
        + model.flags
        + ("" if stream is None else f" --stream {stream.axis} --hop {stream.hop}"),
        f"Model: {model.label}, sha256 {model.digest}",
    )
    extra = {
        "generator": f"milliwatt {version('milliwatt')}",
        "model": {"file": model.label, "sha256": model.digest},
        "board": chosen.name,
        "core": chosen.core.name,
        "optimize": optimize.value,
        "weights": weights.value,
    }
    options = Options(
        board=chosen,
        numerics=numerics,
        optimize=optimize.value,
        max_ram=max_ram,
        weights=weights.value,
        stream=stream,
        name=c_name,
        about=about,
        extra=extra,
    )
    with spinner("measuring kernels", quiet=False) as say:
        return compile_measured(graph, options, progress=say)
