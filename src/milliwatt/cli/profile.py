# SPDX-License-Identifier: Apache-2.0
"""`milliwatt profile`: cycles, time, RAM and flash on a board that need not be on the desk, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from milliwatt.cli.console import columns, print_json, results, spinner
from milliwatt.cli.inspect import node_macs
from milliwatt.cli.layer_rows import LayerRow, layer_rows, with_layers
from milliwatt.cli.models import InputShapes, Model, Trust, read_model
from milliwatt.cli.options import (
    DEFAULT_BOARD,
    AsJson,
    BoardName,
    Goal,
    NumericsName,
    Optimize,
    Prefix,
    Seed,
    WeightsIn,
    WeightsPlace,
    build_from,
    level_for,
)
from milliwatt.cli.stream_report import both_lines, both_profiles
from milliwatt.cli.streaming import Hop, StreamAxis, streaming
from milliwatt.measure.profile import Profile, profile
from milliwatt.ops import Numerics
from milliwatt.pipeline import Build
from milliwatt.stream import Streaming

NAME = "profile"
EXAMPLE = "Example: [bold]milliwatt profile model.tflite --board nucleo-l4r5zi --json[/]"


def verb(
    model: Model,
    board: BoardName = DEFAULT_BOARD,
    samples: Annotated[
        int, typer.Option("--samples", "-n", min=0, help="Random inputs to try besides the extremes.")
    ] = 2,
    seed: Seed = 0,
    numerics: NumericsName = Numerics.LITERT,
    optimize: Goal = Optimize.BALANCED,
    weights: WeightsPlace = WeightsIn.FLASH,
    name: Prefix = "",
    stream: StreamAxis = None,
    hop: Hop = None,
    input_shape: InputShapes = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Measure a model on an emulated board: instructions, cycles, milliseconds, RAM and flash, layer by layer."""
    chosen = streaming(stream, hop)
    source = read_model(model, input_shapes=input_shape, trust=trust)

    def measured(form: Streaming | None) -> tuple[Build, Profile]:
        build = build_from(
            source,
            board=board,
            numerics=numerics,
            name=name,
            optimize=optimize,
            weights=weights,
            stream=form,
        )
        with spinner("profiling", quiet=as_json):
            return build, profile(
                build.emitted,
                build.options.board,
                samples=samples,
                seed=seed,
                source_macs=sum(node_macs(build.imported)),
                level=level_for(optimize),
            )

    build, result = measured(chosen)
    both = None if chosen is None else both_profiles(build, chosen, window=measured(None)[1], hop=result)
    bands = build.options.bands
    content = result.to_json()
    content["layers"] = with_layers(content["layers"], build.program.calls)
    if as_json:
        extra = {} if both is None else {"stream": both}
        print_json(content | extra | ({} if bands is None else {"bands": bands.to_json()}))
        return
    show(content, layer_rows(content["layers"], build.program.calls))
    if bands is not None:
        results().print(f"bands        {bands}", markup=False, highlight=False)
    for line in [] if both is None else both_lines(both):
        results().print(line, markup=False, highlight=False)


def show(content: dict[str, Any], rows: Sequence[LayerRow]) -> None:
    """A profile as a table of layers and a summary."""
    console = results()
    table = columns(
        "#", "op", "kernel", "MACs", "instructions", "cycles", "c/MAC", "layer",
        right=("#", "MACs", "instructions", "cycles", "c/MAC"),
    )  # fmt: skip
    for index, row in enumerate(rows):
        cycles, macs = row.cycles, row.macs
        table.add_row(
            str(index),
            row.op,
            row.kernel,
            f"{macs:,}" if macs else "-",
            f"{row.instructions:,}",
            "-" if cycles is None else f"{cycles:,}",
            f"{cycles / macs:.2f}" if cycles and macs else "-",
            row.name.replace("[", r"\["),
        )
    console.print(table)
    for line in summary(content):
        console.print(line, markup=False, highlight=False)


def summary(content: dict[str, Any]) -> list[str]:
    """What a profile says of the whole model, in lines."""
    macs, ram, flash = content["macs"], content["ram_bytes"], content["flash_bytes"]
    lines = [
        f"{content['model']} on {content['board']} ({content['core']}, {content['compiler']})",
        f"MACs         {macs['executed']:,} executed of {macs['source']:,} in the model",
        f"instructions {content['instructions']:,}",
    ]
    for word, what in (("core", "zero wait states"), ("board", "with the board's memory")):
        cycles, latency = content["cycles"][word], content["latency_ms"][word]
        if cycles is not None:
            lines.append(f"cycles       {cycles:,.0f} = {latency:.2f} ms ({what})")
    lines += [
        f"RAM          {ram['total']:,} = arena {ram['arena']:,} + stack {ram['stack']:,} + static {ram['static']:,}",
        f"flash        {flash['total']:,} = code {flash['code']:,} + weights {flash['weights']:,}",
    ]
    obtained = content["obtained"]
    entries = obtained.items() if isinstance(obtained, dict) else [("obtained", obtained)]
    return [*lines, *(f"{key}: {text}" for key, text in entries)]
