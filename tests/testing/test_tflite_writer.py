# SPDX-License-Identifier: Apache-2.0
"""Writer and importer are inverses, for every operator that has a recipe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from milliwatt.errors import UsageError
from milliwatt.importers import importers
from milliwatt.importers.request import Request
from milliwatt.importers.tflite import schema
from milliwatt.importers.tflite.reader import read
from milliwatt.importers.tflite.records import ModelRecord, OperatorRecord, TensorRecord
from milliwatt.ir import DType, Graph, Node, Quant, State, TensorType
from milliwatt.ops import find
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import recipes
from milliwatt.testing.tflite_records import records
from milliwatt.testing.tflite_writer import write, write_records

# Others are made by passes or by other importers; no TFLite file holds them.
WRITABLE = sorted(op for op in set(recipes()) & set(schema.enum_values("BuiltinOperator")) if find(op).tflite)


def random_graph(op: str, dtype: DType, seed: int) -> Graph:
    """A graph around one node of the operator."""
    build = GraphBuilder(np.random.default_rng(seed), max_elements=256)
    recipes()[op].make(build, dtype)
    return build.graph()


def without_idle_axis(kind: TensorType) -> TensorType:
    """One scale is one scale, along whichever axis: a file cannot tell."""
    if kind.quant is None or len(kind.quant.scale) > 1:
        return kind
    return replace(kind, quant=replace(kind.quant, axis=None))


def comparable(graph: Graph) -> tuple[object, ...]:
    """All of a graph but its name and the places in a file; attributes with their defaults."""
    nodes = [
        (node.op, node.inputs, node.outputs, find(node.op).filled(node), node.states) for node in graph.nodes
    ]
    constants = {name: array.tobytes() for name, array in graph.constants.items()}
    states = {state.name: (state.type, state.initial.tobytes()) for state in graph.states}
    types = {name: without_idle_axis(kind) for name, kind in graph.values.items()}
    return types, constants, graph.inputs, graph.outputs, nodes, states


@pytest.mark.parametrize("op", WRITABLE)
def test_a_graph_comes_back_from_its_file(op: str) -> None:
    for dtype in recipes()[op].dtypes:
        for seed in range(3):
            graph = random_graph(op, dtype, seed)
            again = importers()[".tflite"](write(graph), "again", Request())
            assert comparable(again) == comparable(graph)


@pytest.mark.parametrize("op", WRITABLE)
def test_records_come_back_from_their_file(op: str) -> None:
    model = records(random_graph(op, recipes()[op].dtypes[0], 0))
    assert comparable_records(read(write_records(model))) == comparable_records(model)


def comparable_records(model: ModelRecord) -> list[object]:
    """All of the records; fields that the writer left at the schema's default are not compared."""

    def tensor(record: TensorRecord) -> object:
        quant = record.quant
        described = (
            None if quant is None else (quant.scale.tolist(), quant.zero_point.tolist(), quant.dimension)
        )
        data = None if record.data is None else record.data.tobytes()
        return replace(record, data=None, quant=None), data, described

    def operator(record: OperatorRecord) -> object:
        fields = {} if record.options is None else {k: v for k, v in record.options.fields.items() if v}
        return replace(record, options=None), record.options and record.options.table, fields

    return [
        (list(map(tensor, part.tensors)), part.inputs, part.outputs, list(map(operator, part.operators)))
        for part in model.subgraphs
    ]


def test_same_graph_same_bytes() -> None:
    graph = random_graph("CONV_2D", DType.INT8, 0)
    assert write(graph) == write(graph)


def test_contents_of_constants_lie_on_16_byte_addresses() -> None:
    graph = random_graph("CONV_2D", DType.INT8, 0)
    data = write(graph)
    for array in graph.constants.values():
        assert any(data[at : at + array.nbytes] == array.tobytes() for at in range(0, len(data), 16))


@pytest.mark.parametrize(
    ("op", "table"),
    [
        ("CONV_2D", "Conv2DOptions"),
        ("AVERAGE_POOL_2D", "Pool2DOptions"),
        ("REDUCE_MAX", "ReducerOptions"),
        ("SPACE_TO_BATCH_ND", "SpaceToBatchNDOptions"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "UnidirectionalSequenceLSTMOptions"),
        ("RELU", None),
    ],
)
def test_options_tables(op: str, table: str | None) -> None:
    assert schema.options_table(op) == table


def test_variable_tensor_with_contents_is_refused() -> None:
    kind = TensorType(DType.INT8, (1, 4), Quant((0.5,), (0,)))
    node = Node("RELU", ("x",), ("y",), states=("s",))
    state = State("s", kind, np.ones((1, 4), np.int8))
    graph = Graph("g", {"x": kind, "y": kind}, {}, ("x",), ("y",), (node,), (state,))
    with pytest.raises(UsageError, match="cannot start with contents"):
        write(graph)


def test_attribute_without_a_field_is_refused() -> None:
    graph = random_graph("CONV_2D", DType.INT8, 0)
    node = graph.nodes[-1].with_attrs(padding="VALID", explicit_padding=(1, 1, 1, 1))
    with pytest.raises(UsageError, match="explicit_padding"):
        write(graph.replace(nodes=(*graph.nodes[:-1], node)))


def test_operators_of_other_formats_are_refused() -> None:
    for op in ("ERF", "SILU"):
        with pytest.raises(UsageError, match=f"TFLite has no {op}"):
            records(random_graph(op, DType.FLOAT32, 0))
