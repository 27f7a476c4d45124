# SPDX-License-Identifier: Apache-2.0
"""The real models: every one builds, every output equals LiteRT's, and the bytes stay inside what was reached.

Cycles come from counted blocks, not from a clock, so limits on them are as steady as limits on bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from milliwatt.errors import UnsupportedError
from milliwatt.fit.kernel_choice import compile_measured
from milliwatt.measure.litert import LiteRT
from milliwatt.measure.profile import profile
from milliwatt.pipeline import Build, Options, compile_graph, load
from milliwatt.runners import runners_for, values_by_step
from milliwatt.targets import board
from milliwatt.verification import verify

M4 = "nucleo-l4r5zi"


@dataclass(frozen=True)
class Limits:
    """What a model may take at most: core cycles, bytes of RAM in all, bytes of code."""

    cycles: int
    ram: int
    code: int


LIMITS = {
    "kws_int8": Limits(9_300_000, 20_000, 8_000),
    "ic_int8": Limits(37_000_000, 54_000, 12_000),
    "vww_int8": Limits(15_000_000, 56_000, 12_000),
    "ad_int8": Limits(330_000, 2_100, 4_000),
}
MODELS = (
    *LIMITS,
    "sww_int8",
    "hello_world_int8",
    "hello_world_float",
    "mnist_lstm_int8",
    "ad_float",
    "ic_float",
)
# LiteRT overruns the int8 state of its SVDF: TFLM's own oracle is not here, the other implementations are.
WITHOUT_LITERT = ("keyword_scrambled_int8",)


def build(path: Path, name: str = M4) -> Build:
    """A reference model for a board."""
    return compile_graph(load(path), Options(board=board(name), name="model"))


def check(path: Path, *, boards: tuple[str, ...], litert: bool, samples: int) -> None:
    """All implementations agree on a few inputs."""
    for name in boards:
        made = build(path, name)
        oracle = LiteRT(path.read_bytes(), all_tensors=True) if litert else None
        try:
            result = verify(
                made,
                oracle=oracle,
                runners=runners_for(made, ("host", "emulator")),
                samples=samples,
                seed=7,
                locate=values_by_step,
            )
        finally:
            if oracle is not None:
                oracle.close()
        assert result.ok, result.first_difference


@pytest.mark.parametrize("name", MODELS)
def test_every_output_is_litert(name: str, shared_model: Callable[[str], Path]) -> None:
    check(shared_model(f"{name}.tflite"), boards=(M4,), litert=True, samples=5)


@pytest.mark.parametrize("name", WITHOUT_LITERT)
def test_every_implementation_agrees(name: str, shared_model: Callable[[str], Path]) -> None:
    check(shared_model(f"{name}.tflite"), boards=(M4,), litert=False, samples=5)


@pytest.mark.parametrize("name", LIMITS)
def test_costs_stay_inside_their_limits(name: str, shared_model: Callable[[str], Path]) -> None:
    limits = LIMITS[name]
    # As `milliwatt build` does it by default: kernels chosen by measurement.
    made = compile_measured(load(shared_model(f"{name}.tflite")), Options(board=board(M4), name="model"))
    cost = profile(made.emitted, board(M4), source_macs=0, samples=0)
    assert cost.core_cycles is not None
    assert cost.core_cycles <= limits.cycles
    assert cost.footprint.ram_total is not None
    assert cost.footprint.ram_total <= limits.ram
    assert cost.footprint.code is not None
    assert cost.footprint.code <= limits.code


def test_hybrid_model_is_refused_with_the_reason(shared_model: Callable[[str], Path]) -> None:
    with pytest.raises(UnsupportedError) as raised:
        load(shared_model("kws_hybrid.tflite"))
    assert "node 0: CONV_2D" in raised.value.where
    assert "representative_dataset" in raised.value.hint


@pytest.mark.long
@pytest.mark.parametrize("name", [*MODELS, "vww_float"])
def test_every_core_gives_the_same_bytes(name: str, shared_model: Callable[[str], Path]) -> None:
    cores = ("nucleo-g0b1re", "nucleo-f207zg", M4, "nucleo-h7a3zi-q", "nucleo-u575zi-q", "esp32-c3-devkitm-1")
    if name.endswith("float"):
        # Soft floats of a whole network take minutes on the small cores; one of them is enough.
        cores = (M4, "nucleo-f207zg")
    check(shared_model(f"{name}.tflite"), boards=cores, litert=True, samples=3)
