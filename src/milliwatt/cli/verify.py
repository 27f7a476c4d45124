# SPDX-License-Identifier: Apache-2.0
"""`milliwatt verify`: the proof that every output byte is LiteRT's."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from milliwatt.cli.console import print_json, progress, results
from milliwatt.cli.models import InputShapes, Model, ReadModel, Trust, read_model
from milliwatt.cli.options import (
    DEFAULT_BOARD,
    AsJson,
    BoardName,
    Goal,
    NumericsName,
    Optimize,
    Prefix,
    Samples,
    Seed,
    WeightsIn,
    WeightsPlace,
    build_from,
)
from milliwatt.cli.streaming import Hop, StreamAxis, streaming
from milliwatt.errors import ToolchainError, VerificationError
from milliwatt.measure.litert import LiteRT
from milliwatt.ops import Numerics
from milliwatt.runners import runners_for, values_by_step
from milliwatt.stream_verification import verify_stream
from milliwatt.verification import Oracle, Verification
from milliwatt.verification import verify as compare

NAME = "verify"
EXAMPLE = "Example: [bold]milliwatt verify model.tflite --board nucleo-l4r5zi --samples 100[/]"


def verb(
    model: Model,
    board: BoardName = DEFAULT_BOARD,
    samples: Samples = 100,
    seed: Seed = 0,
    numerics: NumericsName = Numerics.LITERT,
    optimize: Goal = Optimize.BALANCED,
    weights: WeightsPlace = WeightsIn.FLASH,
    name: Prefix = "",
    stream: StreamAxis = None,
    hop: Hop = None,
    runner: Annotated[
        list[str] | None,
        typer.Option(
            "--runner", help="Only these: host, sanitized, emulator, qemu (host and emulator by default)."
        ),
    ] = None,
    input_shape: InputShapes = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Compare the model's own framework, the NumPy meaning, and the C on this computer and on the emulated board.

    LiteRT runs TFLite models under --numerics litert, which is its own contract: integers must be equal. ONNX Runtime,
    PyTorch, Keras and scikit-learn run theirs, layer by layer on their own values: integers within one. The meaning and
    the C agree on every byte of integers, and on floats within the bound that is printed. Exit status 7 when
    anything differs.

    With --stream, LiteRT runs the window model on the sliding window, and all others must give the same once it is
    full; --samples then counts full windows.
    """
    chosen = streaming(stream, hop)
    source = read_model(model, input_shapes=input_shape, trust=trust)
    build = build_from(
        source,
        board=board,
        numerics=numerics,
        name=name,
        optimize=optimize,
        weights=weights,
        stream=chosen,
    )
    default = ["host"] if build.options.board.core.is_host else ["host", "emulator"]
    oracle, absent = _oracle(source, numerics)
    with progress(quiet=as_json) as display:
        task = display.add_task("verifying", total=samples)
        result = (compare if chosen is None else verify_stream)(
            build,
            oracle=oracle,
            default=_xnnpack(source) if isinstance(oracle, LiteRT) else None,
            runners=runners_for(build, runner or default),
            samples=samples,
            seed=seed,
            locate=values_by_step,
            advance=lambda: display.advance(task),
        )
    _print(replace(result, not_compared=absent), as_json=as_json)
    if not result.ok:
        raise typer.Exit(VerificationError.exit_status)


def _oracle(source: ReadModel, numerics: Numerics) -> tuple[Oracle | None, dict[str, str]]:
    """The framework's engine, or why it cannot take part."""
    if source.path.suffix == ".tflite" and numerics is not Numerics.LITERT:
        return None, {"litert": f"it keeps the contract litert, not {numerics.value}"}
    try:
        return source.oracle(), {}
    except ToolchainError as error:
        return None, {"the model's framework": error.message}


def _xnnpack(source: ReadModel) -> LiteRT:
    """LiteRT's default interpreter."""
    return LiteRT(source.path.read_bytes(), reference=False)


def _print(result: Verification, *, as_json: bool) -> None:
    if as_json:
        print_json(result.to_json())
        return
    console = results()
    names = ", ".join(result.compared)
    difference = result.first_difference
    for name, reason in result.not_compared.items():
        console.print(f"[bold yellow]not compared[/]: {name}: " + reason.replace("[", r"\["))
    if difference is None:
        bound = (
            f" (floats within {result.float_tolerance:.2g} of the largest)" if result.float_tolerance else ""
        )
        console.print(
            f"[bold green]equal[/]: {names} agree on every output of {result.samples} inputs{bound}"
        )
    else:
        console.print(f"[bold red]different[/]: {difference.implementation} at sample {difference.sample}")
        console.print(f"  layer {difference.layer}", markup=False)
        console.print(
            f"  element {list(difference.element)}: expected {difference.expected:g}, got {difference.got:g}",
            markup=False,
        )
    if result.default_interpreter_differs is not None:
        console.print(
            f"LiteRT's default interpreter (XNNPACK) differs in {result.default_interpreter_differs:.3%} "
            "of the output elements"
        )
