# SPDX-License-Identifier: Apache-2.0
"""Weights in RAM: equal results, no reading from flash but code, and bytes counted in both memories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from milliwatt.errors import BudgetError, UsageError
from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.measure.emulator import EmulatorRunner
from milliwatt.measure.footprint import footprint, footprint_of
from milliwatt.measure.toolchain import CompilerName, has_gcc
from milliwatt.pipeline import Build, Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder, sample
from milliwatt.testing.differential import compare

M4 = board("nucleo-l4r5zi")
BOARDS = ("nucleo-l4r5zi", "nucleo-g0b1re", "esp32-c3-devkitm-1")


def layers() -> Graph:
    """A convolution, a table, and a fully connected layer."""
    random = np.random.default_rng(3)
    build = GraphBuilder(random)
    quant = Quant((0.25,), (-3,))
    data = build.input(TensorType(DType.INT8, (1, 8, 8, 4), quant))
    value = build.node(
        "CONV_2D",
        (data, build.weights((8, 3, 3, 4), DType.INT8, channels=8), None),
        attrs={"padding": "SAME"},
        dtype=DType.INT8,
        quant=quant,
    )[0]
    value = build.node("LOGISTIC", (value,), dtype=DType.INT8, quant=Quant((1 / 256,), (-128,)))[0]
    weights = build.weights((12, 512), DType.INT8)
    build.node("FULLY_CONNECTED", (value, weights, None), dtype=DType.INT8, quant=quant)
    return build.graph("layers")


def build_for(name: str, weights: str) -> Build:
    return compile_graph(layers(), Options(board=board(name), weights=weights, name="layers"))


@pytest.fixture(scope="module")
def both() -> tuple[Build, Build]:
    return build_for(M4.name, "flash"), build_for(M4.name, "ram")


def compilers() -> list[CompilerName]:
    return ["clang", "gcc"] if has_gcc(M4.core) else ["clang"]


@pytest.mark.parametrize("name", BOARDS)
def test_results_are_equal(name: str) -> None:
    compare(layers(), boards=(name,), implementations=("host", "emulator"), weights="ram")


@pytest.mark.parametrize("compiler", compilers())
def test_nothing_but_code_is_read_from_flash(both: tuple[Build, Build], compiler: CompilerName) -> None:
    inputs = [sample(np.random.default_rng(0), layers().values["input_0"])]
    runners = [EmulatorRunner(build.emitted, M4, compiler=compiler) for build in both]
    in_flash, in_ram = (runner.trace(inputs) for runner in runners)
    begin, code = runners[1].image.code
    assert runners[1].image.constant_bytes == 0
    assert int(in_ram.steps["data_misses"].sum()) * 8 < len(code)
    assert int(in_flash.steps["data_misses"].sum()) * 8 > both[0].program.weights_bytes * 0.9
    assert np.array_equal(in_flash.outputs[0], in_ram.outputs[0])
    assert begin == M4.flash.origin if M4.flash else False


@pytest.mark.parametrize("name", BOARDS)
def test_bytes_are_counted_in_both_memories(name: str) -> None:
    in_flash, in_ram = (
        footprint(build_for(name, weights).emitted, board(name)) for weights in ("flash", "ram")
    )
    assert in_flash.static == 0
    assert in_ram.static == in_ram.weights
    assert in_ram.weights is not None
    assert in_flash.weights is not None
    assert abs(in_ram.weights - in_flash.weights) < 16  # padding between tables
    assert in_ram.ram_total is not None
    assert in_ram.ram_total >= in_ram.arena + in_ram.weights


def test_a_firmware_may_choose_the_section(both: tuple[Build, Build]) -> None:
    emitted = both[1].emitted
    definition = '#define MW_RAM_TABLE __attribute__((section(".rodata.mine")))\n'
    elsewhere = replace(emitted, source=definition + emitted.source)
    image = EmulatorRunner(elsewhere, M4).image
    assert footprint_of(image, elsewhere, M4).static == 0


def test_the_header_says_what_the_firmware_must_do(both: tuple[Build, Build]) -> None:
    assert [".data.mw_weights" in build.emitted.header for build in both] == [False, True]


def test_weights_beyond_the_ram_are_an_error() -> None:
    assert M4.ram is not None
    small = replace(M4, ram=replace(M4.ram, bytes=4096))
    with pytest.raises(BudgetError, match="more ram") as raised:
        footprint(build_for(M4.name, "ram").emitted, small)
    assert "leave the weights in flash" in raised.value.hint


def test_other_places_are_refused() -> None:
    with pytest.raises(UsageError, match="disk"):
        Options(board=M4, weights="disk")
