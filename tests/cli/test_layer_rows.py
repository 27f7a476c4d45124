# SPDX-License-Identifier: Apache-2.0
"""What bands of one layer spend stands in one row of the profile, and nothing else is added up."""

from __future__ import annotations

import numpy as np

from milliwatt.bands import Cut
from milliwatt.cli.layer_rows import layer_rows, with_layers
from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.measure.profile import Layer
from milliwatt.pipeline import Build, Options, compile_graph
from milliwatt.targets import board
from milliwatt.testing.builder import GraphBuilder

QUANT = Quant((0.0625,), (0,))


def three_layers() -> Graph:
    """Two convolutions with windows of three rows, and one behind the bands."""
    build = GraphBuilder(np.random.default_rng(5), max_elements=1 << 14)
    value = build.input(TensorType(DType.INT8, (1, 8, 4, 4), QUANT))
    attrs = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    for _ in range(3):
        weights = build.weights((4, 3, 3, 4), DType.INT8)
        value = build.node("CONV_2D", [value, weights, None], attrs=attrs, dtype=DType.INT8, quant=QUANT)[0]
    return build.graph()


def built(bands: Cut | None) -> Build:
    return compile_graph(three_layers(), Options(board=board("nucleo-l4r5zi"), bands=bands))


def profiled(build: Build) -> list[dict[str, object]]:
    """The calls, with the step's number as instructions and twice that as cycles."""
    layers = [
        Layer(call.outputs[0], call.op, call.kernel, call.macs, step, 2 * step, 0, 0).to_json()
        for step, call in enumerate(build.program.calls)
    ]
    return with_layers(layers, build.program.calls)


def test_bands_of_a_layer_are_one_row_and_its_copies_another() -> None:
    build = built(Cut(0, 2, (2, 2, 2, 2)))
    calls = build.program.calls
    rows = layer_rows(profiled(build), calls)
    by_op = {op: [row for row in rows if row.op == op] for op in {call.op for call in calls}}
    assert len(rows) < len(calls)
    assert [sum(row.kernels.values()) for row in by_op["CONV_2D"]] == [4, 4, 1]
    assert sum(row.macs for row in rows) == build.program.macs
    assert sum(row.instructions for row in rows) == sum(range(len(calls)))
    assert sum(row.cycles or 0 for row in rows) == 2 * sum(range(len(calls)))
    assert any(" x" in row.kernel for row in by_op["CONV_2D"])
    assert "(rows" not in by_op["CONV_2D"][0].name


def test_every_call_keeps_its_layer() -> None:
    build = built(Cut(0, 2, (4, 4)))
    sources = {call.source for call in built(None).program.calls}
    assert {one["layer"] for one in profiled(build)} == sources


def test_without_bands_every_call_is_a_row() -> None:
    build = built(None)
    rows = layer_rows(profiled(build), build.program.calls)
    assert [row.kernel for row in rows] == [call.kernel for call in build.program.calls]


def test_cycles_are_none_where_no_model_is_validated() -> None:
    build = built(Cut(0, 2, (4, 4)))
    layers = [{**one, "cycles": None} for one in profiled(build)]
    assert {row.cycles for row in layer_rows(layers, build.program.calls)} == {None}
