# SPDX-License-Identifier: Apache-2.0
"""`milliwatt run`: a model on the user's inputs, by its meaning, on this computer or on an emulated board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from milliwatt.cli.array_files import read_samples, write_outputs
from milliwatt.cli.console import print_json, progress, results
from milliwatt.cli.models import InputShapes, Model, Trust, read_model
from milliwatt.cli.options import (
    DEFAULT_BOARD,
    AsJson,
    BoardName,
    Goal,
    NumericsName,
    Optimize,
    Prefix,
    WeightsIn,
    WeightsPlace,
    build_from,
)
from milliwatt.cli.streaming import Hop, StreamAxis, streaming
from milliwatt.ops import Numerics
from milliwatt.runners import runner_for

NAME = "run"
EXAMPLE = "Example: [bold]milliwatt run model.tflite --runner emulator --input in.npy --output out.npy[/]"

Array = npt.NDArray[Any]


def verb(
    model: Model,
    input_file: Annotated[Path, typer.Option("--input", "-i", help="in.npy, or in.npz by tensor name.")],
    output_file: Annotated[Path, typer.Option("--output", "-o", help="out.npy, or out.npz by tensor name.")],
    board: BoardName = DEFAULT_BOARD,
    runner: Annotated[
        str, typer.Option("--runner", "-r", help="meaning, host, sanitized, emulator or qemu.")
    ] = "host",
    stateful: Annotated[
        bool, typer.Option("--stateful", help="Keep the state from sample to sample.")
    ] = False,
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
    """Run a model on inputs from a file. A leading extra axis in the file is a batch of samples.

    Element type and shape must be the model's: quantise with the scale and zero point that `milliwatt inspect` shows.
    With --stream each sample holds the new columns of one run, and the state is kept from sample to sample.
    """
    chosen_stream = streaming(stream, hop)
    source = read_model(model, input_shapes=input_shape, trust=trust)
    build = build_from(
        source,
        board=board,
        numerics=numerics,
        name=name,
        optimize=optimize,
        weights=weights,
        stream=chosen_stream,
    )
    samples, batched = read_samples(input_file, build.graph)
    chosen = runner_for(build, runner)
    outputs: list[Sequence[Array]] = []
    with progress(quiet=as_json) as display:
        for inputs in display.track(samples, description="running"):
            if not stateful and chosen_stream is None:
                chosen.reset()
            outputs.append(chosen.run(inputs))
    names = build.imported.outputs
    arrays = [np.stack([sample[index] for sample in outputs]) for index in range(len(names))]
    write_outputs(
        output_file, dict(zip(names, arrays if batched else [array[0] for array in arrays], strict=True))
    )
    if as_json:
        print_json(
            {"samples": len(samples), "runner": runner, "output": str(output_file), "outputs": list(names)}
        )
    else:
        many = "1 sample" if len(samples) == 1 else f"{len(samples)} samples"
        results().print(f"{many} by {runner}: {output_file}", markup=False)
