# SPDX-License-Identifier: Apache-2.0
"""Bands are chosen where RAM is what counts, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from milliwatt.errors import BudgetError
from milliwatt.fit.kernel_choice import compile_measured
from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.measure.footprint import footprint
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Build, Options
from milliwatt.runners import runners_for
from milliwatt.samples import sample_inputs
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder

OPTIONS = Options(board=board("nucleo-l4r5zi"), name="bands")
QUANT = Quant((0.0625,), (0,))


def pyramid() -> Graph:
    """A small image, a wide convolution, and one that leaves little of it."""
    build = GraphBuilder(np.random.default_rng(3), max_elements=1 << 16)
    value = build.input(TensorType(DType.INT8, (1, 12, 4, 4), QUANT))
    for channels, stride in ((16, 1), (4, 2)):
        weights = build.weights((channels, 3, 3, build.type_of(value).shape[3]), DType.INT8)
        attrs = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        value = build.node("CONV_2D", [value, weights, None], attrs=attrs, dtype=DType.INT8, quant=QUANT)[0]
    return build.graph()


@pytest.fixture(scope="module")
def graph() -> Graph:
    return pyramid()


@pytest.fixture(scope="module")
def whole(graph: Graph) -> Build:
    return compile_measured(graph, replace(OPTIONS, optimize="speed"))


def ram(build: Build) -> int:
    total = footprint(build.emitted, OPTIONS.board).ram_total
    assert total is not None
    return total


def test_for_ram_and_the_same_on_the_emulated_core(graph: Graph, whole: Build) -> None:
    build = compile_measured(graph, replace(OPTIONS, optimize="ram"))
    assert whole.options.bands is None
    assert build.options.bands is not None
    assert ram(build) < 0.8 * ram(whole)
    assert build.emitted.manifest["bands"] == build.options.bands.to_json()
    (runner,) = runners_for(build, ["emulator"]).values()
    for inputs in sample_inputs(graph, samples=3, seed=1):
        np.testing.assert_array_equal(runner.run(inputs)[0], Interpreter(graph).run(inputs)[0])


def test_for_a_budget_that_nothing_else_meets(graph: Graph, whole: Build) -> None:
    small = compile_measured(graph, replace(OPTIONS, optimize="ram"))
    room = ram(small) + 40
    build = compile_measured(graph, replace(OPTIONS, optimize="speed", max_ram=room))
    assert build.options.bands is not None
    assert ram(build) <= room < ram(whole)


def test_a_budget_that_not_even_bands_meet_is_an_error(graph: Graph) -> None:
    with pytest.raises(BudgetError):
        compile_measured(graph, replace(OPTIONS, max_ram=300))
