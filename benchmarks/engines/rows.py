# SPDX-License-Identifier: Apache-2.0
"""What the table of engines measures: a model under some options, profiled and verified."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milliwatt.cli.inspect import node_macs
from milliwatt.cli.models import read_model
from milliwatt.cli.options import Optimize, WeightsIn, build_from, level_for
from milliwatt.measure.litert import LiteRT
from milliwatt.measure.profile import profile
from milliwatt.ops import Numerics
from milliwatt.pipeline import Build
from milliwatt.runners import runners_for, values_by_step
from milliwatt.stream import Streaming
from milliwatt.stream_verification import verify_stream
from milliwatt.verification import Verification, verify

BOARD = "nucleo-l4r5zi"
SAMPLES, FEWER_SAMPLES = 100, 20
"""Inputs of every proof: of the modes, and of `speed` under other options."""

STREAMED = {"sww_int8": Streaming(axis=1, hop=1)}
"""Models of a sliding window, and how it slides."""

MODELS = ("kws_int8", "ic_int8", "vww_int8", "ad_int8", "sww_int8")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        model: stem of the model's file.
        optimize, weights, numerics, stream: the options of the same names.
    """

    model: str
    optimize: Optimize
    weights: WeightsIn = WeightsIn.FLASH
    numerics: Numerics = Numerics.LITERT
    stream: Streaming | None = None

    @property
    def mode(self) -> str:
        """The options in a few words."""
        words = [self.optimize.value]
        if self.weights is WeightsIn.RAM:
            words.append("weights in RAM")
        if self.numerics is not Numerics.LITERT:
            words.append(f"numerics {self.numerics.value}")
        if self.stream is not None:
            words.append("one new frame")
        return ", ".join(words)

    @property
    def key(self) -> str:
        """The row's name in results.json."""
        return f"{self.model}/{self.mode}"


def rows() -> Iterator[Row]:
    """Every model in every mode, then what `speed` gives streamed, with weights in RAM and under other numerics."""
    for model in MODELS:
        for optimize in (Optimize.BALANCED, Optimize.SPEED, Optimize.RAM, Optimize.FLASH):
            yield Row(model, optimize)
    for model, stream in STREAMED.items():
        for weights in WeightsIn:
            yield Row(model, Optimize.SPEED, weights, stream=stream)
    for model in MODELS:
        yield Row(model, Optimize.SPEED, WeightsIn.RAM)
        yield Row(model, Optimize.SPEED, numerics=Numerics.FAST)


def measure(row: Row, path: Path) -> dict[str, Any]:
    """Build, profile and verify one row.

    Args:
        row: what to measure.
        path: the model's file.

    Returns:
        The profile's JSON, with the times that building and profiling took and what the proof gave.
    """
    started = time.perf_counter()
    build = build_from(
        read_model(path),
        board=BOARD,
        numerics=row.numerics,
        name="",
        optimize=row.optimize,
        weights=row.weights,
        stream=row.stream,
    )
    built = time.perf_counter()
    result = profile(
        build.emitted,
        build.options.board,
        source_macs=sum(node_macs(build.imported)),
        level=level_for(row.optimize),
    ).to_json()
    profiled = time.perf_counter()
    proof = _proof(build, row, path)
    return {
        **result,
        "arena_lower_bound": build.plan.lower_bound,
        "bit_exact": proof.ok,
        "compared": list(proof.compared),
        "verified_samples": proof.samples,
        "build_s": round(built - started, 2),
        "profile_s": round(profiled - built, 2),
    }


def _proof(build: Build, row: Row, path: Path) -> Verification:
    """Under `litert` against LiteRT; otherwise the NumPy meaning is the contract."""
    compare = verify if row.stream is None else verify_stream
    plain = row == Row(row.model, row.optimize)
    samples = SAMPLES if plain else FEWER_SAMPLES
    runners = runners_for(build, ["host", "emulator"])
    if row.numerics is not Numerics.LITERT:
        return compare(build, oracle=None, runners=runners, samples=samples, seed=0, locate=values_by_step)
    with LiteRT(path.read_bytes(), all_tensors=True) as litert:
        return compare(build, oracle=litert, runners=runners, samples=samples, seed=0, locate=values_by_step)
