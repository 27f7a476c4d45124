# SPDX-License-Identifier: Apache-2.0
"""Generated assembly of fully connected layers against their meaning: on the emulated board, and its C form here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.lower.fully_connected_s8_m4 import candidates, matches
from milliwatt.lower.lowering import lower
from milliwatt.lower.site import Site, site_of
from milliwatt.measure.profile import profile
from milliwatt.ops import Numerics
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare

M4 = board("nucleo-l4r5zi")
KERNEL = "mw_fully_connected_s8_m4"


@dataclass(frozen=True)
class Layer:
    """One FULLY_CONNECTED.

    Attributes:
        depth, units, rows: its sizes.
        zero: zero points of input and output.
        activation: fused.
        spread: powers of two between the units' largest and smallest scale; None for one scale.
        weights: the weights' standard deviation, or "extreme" for -127 and 127 alone.
        bias: whether it has one.
        reach: the outputs of random inputs have this standard deviation.
    """

    depth: int
    units: int
    rows: int = 1
    zero: tuple[int, int] = (3, 5)
    activation: str = "NONE"
    spread: float | None = None
    weights: float | str = 30.0
    bias: bool = True
    reach: float = 40.0


CASES = {
    "eight_units": Layer(16, 8),
    "many_words": Layer(128, 16),
    "one_word": Layer(4, 8),
    "two_words": Layer(8, 24),
    "three_words": Layer(12, 8),
    "five_words": Layer(20, 8),
    "six_words": Layer(24, 16),
    "seven_words": Layer(28, 10),
    "one_unit": Layer(32, 1),
    "two_units": Layer(64, 2),
    "three_units": Layer(16, 3),
    "seven_units": Layer(20, 7),
    "nine_units": Layer(16, 9),
    "fifteen_units": Layer(36, 15),
    "rows": Layer(16, 8, rows=3),
    "rows_and_odd_units": Layer(12, 11, rows=4),
    "scale_per_unit": Layer(32, 16, spread=3),
    "scale_per_unit_odd": Layer(16, 11, spread=2),
    "rectified": Layer(32, 12, zero=(-128, -128), activation="RELU"),
    "clamped_below": Layer(16, 9, activation="RELU"),
    "clamped_on_both_sides": Layer(16, 10, zero=(0, 20), activation="RELU_N1_TO_1"),
    "clamped_above": Layer(16, 8, zero=(0, -128), activation="RELU6"),
    "extreme_weights": Layer(64, 8, weights="extreme"),
    "extreme_zeros": Layer(64, 8, zero=(127, -128), weights="extreme"),
    "no_bias": Layer(16, 8, zero=(-128, 127), bias=False),
    "saturating": Layer(64, 16, reach=400),
    "small_outputs": Layer(64, 16, reach=2),
}

TAILS = {
    "one_input_left": Layer(5, 8),
    "two_inputs_left": Layer(18, 9),
    "three_inputs_left": Layer(31, 10, spread=2),
    "rows_of_odd_length": Layer(7, 3, rows=5),
}


def graph_of(cases: Mapping[str, Layer], *, seed: int = 0) -> Graph:
    """These layers side by side, each with an input and an output of its own."""
    build = GraphBuilder(np.random.default_rng(seed), max_elements=1 << 20)
    for layer in cases.values():
        _append(build, layer)
    return build.graph()


def _weights(random: np.random.Generator, layer: Layer) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    shape = (layer.units, layer.depth)
    if isinstance(layer.weights, str):
        return random.choice(np.array([-127, 127], np.int8), shape)
    return np.clip(np.rint(random.normal(0, layer.weights, shape)), -127, 127).astype(np.int8)


def _append(build: GraphBuilder, layer: Layer) -> None:
    random, data_scale = build.random, 0.05
    data = build.input(
        TensorType(DType.INT8, (layer.rows, layer.depth), Quant((data_scale,), (layer.zero[0],)))
    )
    weights = _weights(random, layer)
    count, axis = (1, None) if layer.spread is None else (layer.units, 0)
    scales = tuple(
        float(np.float32(0.01 * 2.0**-power)) for power in random.uniform(0, layer.spread or 0, count)
    )
    bias = None
    if layer.bias:
        bias_quant = Quant(
            tuple(float(np.float32(data_scale * scale)) for scale in scales), (0,) * count, axis
        )
        bias = build.constant(random.integers(-3000, 3000, layer.units).astype(np.int32), bias_quant)
    typical = 74 * float(np.std(weights) + 1) * float(np.sqrt(layer.depth)) * data_scale * 0.01
    build.node(
        "FULLY_CONNECTED",
        (data, build.constant(weights, Quant(scales, (0,) * count, axis)), bias),
        attrs={"fused_activation_function": layer.activation},
        dtype=DType.INT8,
        quant=Quant((float(np.float32(typical / layer.reach)),), (layer.zero[1],)),
    )


def site(layer: Layer, optimize: str = "speed", graph: Graph | None = None) -> Site:
    """The site of one layer on the Cortex-M4."""
    chosen = graph_of({"layer": layer}) if graph is None else graph
    return site_of(chosen, chosen.nodes[0], core=M4.core, numerics=Numerics.LITERT, optimize=optimize)


@pytest.mark.parametrize("numerics", [Numerics.LITERT, Numerics.TFLM], ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("optimize", ["speed", "ram"])
def test_equals_the_meaning(numerics: Numerics, optimize: str) -> None:
    graph = graph_of({**CASES, **TAILS})
    implementations = ("host", "emulator")
    compare(graph, numerics=numerics, boards=(M4.name,), implementations=implementations, optimize=optimize)


def test_equals_litert() -> None:
    graph = graph_of({**CASES, **TAILS}, seed=1)
    compare(graph, samples=3, boards=(M4.name,), implementations=("litert", "host"))


@pytest.mark.parametrize("optimize", ["speed", "ram"])
@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
def test_all_cases_take_the_assembly(numerics: Numerics, optimize: str) -> None:
    program = lower(graph_of(CASES), core=M4.core, numerics=numerics, optimize=optimize)
    assert [call.kernel for call in program.calls] == [KERNEL] * len(CASES)
    assert {call.params["widened"] for call in program.calls} == {int(optimize == "speed")}


def test_depths_that_fill_no_word_want_scratch() -> None:
    for layer in TAILS.values():
        assert len(list(candidates(site(layer)))) == 1
        assert not list(candidates(site(layer, "ram")))


def test_two_roundings_take_jumps_where_outputs_are_signed() -> None:
    program = lower(graph_of(CASES), core=M4.core, numerics=Numerics.TFLM, optimize="speed")
    assert {call.params["jumps"] for call in program.calls} == {0, 1}


def test_layers_of_any_size_share_their_code() -> None:
    sizes = {"first": Layer(128, 16), "second": Layer(640, 8, zero=(0, 0)), "third": Layer(16, 64, reach=9)}
    program = lower(graph_of(sizes), core=M4.core, numerics=Numerics.LITERT, optimize="speed")
    assert len({tuple(sorted(call.params.items())) for call in program.calls}) == 1


def test_one_row_may_be_written_over_its_input() -> None:
    """All is read before anything is written: only scratch comes on top of the larger of the two."""
    build = compile_graph(graph_of({"layer": Layer(64, 64)}), Options(board=M4, optimize="speed"))
    assert build.plan.arena_bytes == 64 + 2 * 64


def test_weights_take_one_byte_each() -> None:
    call = lower(graph_of({"layer": Layer(640, 128)}), core=M4.core, numerics=Numerics.LITERT).calls[0]
    assert sum(table.bytes for table in call.tables) == 640 * 128 + 4 * 128 + 4 * 9


UNMATCHED = {
    "short_depth": Layer(3, 8),
    "weights_with_a_zero_point": Layer(16, 8),
    "variable_weights": Layer(16, 8),
}


@pytest.mark.parametrize("name", UNMATCHED)
def test_other_layers_are_left_to_other_kernels(name: str) -> None:
    graph = graph_of({"layer": UNMATCHED[name]})
    weights = str(graph.nodes[0].inputs[1])
    if name == "weights_with_a_zero_point":
        kind = graph.values[weights]
        values = {**graph.values, weights: replace(kind, quant=Quant((0.01,), (4,)))}
        graph = graph.replace(values=values)
    if name == "variable_weights":
        constants = {key: array for key, array in graph.constants.items() if key != weights}
        graph = graph.replace(constants=constants, inputs=(*graph.inputs, weights))
    assert not matches(site(UNMATCHED[name], graph=graph))


def test_smallest_code_is_left_to_the_shared_kernel() -> None:
    assert not matches(site(Layer(16, 8), "flash"))


def test_sums_beyond_24_bits_are_left_to_other_kernels() -> None:
    wide = site(Layer(1600, 2, weights="extreme"))
    assert matches(wide)
    assert not list(candidates(wide))


def test_pairs_that_fit_no_halfword_are_left_to_other_kernels() -> None:
    graph = graph_of({"layer": Layer(16, 2)})
    name = str(graph.nodes[0].inputs[1])
    weights = graph.constants[name].copy()
    weights[:, 0] = (-128, -1)
    assert list(candidates(site(Layer(16, 2))))
    lowest = graph.replace(constants={**graph.constants, name: weights})
    assert not list(candidates(site(Layer(16, 2), graph=lowest)))


@pytest.mark.parametrize(("optimize", "limit"), [("speed", 1.15), ("ram", 1.18)])
def test_cycles_per_product(optimize: str, limit: float) -> None:
    build = compile_graph(graph_of({"layer": Layer(640, 128)}), Options(board=M4, optimize=optimize))
    result = profile(build.emitted, M4, source_macs=0, samples=0)
    assert result.core_cycles is not None
    assert result.core_cycles / build.program.macs < limit
