# SPDX-License-Identifier: Apache-2.0
"""Variable tensors and resource variables of TFLite become states, and start as they do in LiteRT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.importers.small_models import imported, use, with_main

from milliwatt.errors import MilliwattError, ModelError, UnsupportedError
from milliwatt.importers.tflite.records import ModelRecord, OperatorRecord, SubgraphRecord
from milliwatt.importers.tflite.values import zeros
from milliwatt.ir import DType, Quant, TensorType
from milliwatt.measure.litert import LiteRT
from milliwatt.ops.interpret import Interpreter
from milliwatt.testing.tflite_records import tensor_record
from milliwatt.testing.tflite_writer import write, write_records

KIND = TensorType(DType.INT8, (1, 4), Quant((0.5,), (5,)))
HANDLE = replace(tensor_record("handle", TensorType(DType.INT8, ())), type="RESOURCE")
START = np.array([[1, 2, 3, 4]], np.int8)


def delay(*initialisation: OperatorRecord, kind: TensorType = KIND) -> ModelRecord:
    """y = variable; variable = x. CALL_ONCE runs ``initialisation`` on (handle, constant, computed)."""
    tensors = (tensor_record("x", kind), HANDLE, tensor_record("y", kind), tensor_record("z", kind))
    nodes = (
        use("CALL_ONCE", (), (), InitSubgraphIndex=1),
        use("VAR_HANDLE", (), (1,), SharedName="line", Container=""),
        use("READ_VARIABLE", (1,), (2,)),
        use("ASSIGN_VARIABLE", (1, 0), ()),
        use("RESHAPE", (2,), (3,), NewShape=kind.shape),
    )
    first = SubgraphRecord(
        (
            HANDLE,
            tensor_record("start", kind, START.astype(kind.dtype.numpy)),
            tensor_record("computed", kind),
        ),
        (),
        (),
        initialisation,
    )
    return ModelRecord((SubgraphRecord(tensors, (0,), (3,), nodes), first))


BIND = use("VAR_HANDLE", (), (0,), SharedName="line", Container="")
ASSIGN = use("ASSIGN_VARIABLE", (0, 1), ())


def test_resource_variable_becomes_a_state() -> None:
    graph = imported(delay(BIND, ASSIGN))
    assert [node.op for node in graph.nodes] == ["READ_VARIABLE", "ASSIGN_VARIABLE", "RESHAPE"]
    assert [node.states for node in graph.nodes] == [("line",), ("line",), ()]
    assert [node.inputs for node in graph.nodes[:2]] == [(None,), (None, "x")]
    (state,) = graph.states
    assert state.type == KIND
    assert np.array_equal(state.initial, START)


def test_resource_variable_runs_as_in_litert_and_is_written_again() -> None:
    model = write_records(delay(BIND, ASSIGN))
    graph = imported(delay(BIND, ASSIGN))
    inputs = [[np.full((1, 4), number, np.int8)] for number in (9, 8, 7)]
    meaning = Interpreter(graph)
    expected = [meaning.run(item)[0] for item in inputs]
    assert np.array_equal(expected[0], START)
    for data in (model, write(graph)):
        with LiteRT(data) as litert:
            for item, result in zip(inputs, expected, strict=True):
                assert np.array_equal(litert.run(item)[0], result)


def test_variable_without_initial_contents_holds_the_zero_point() -> None:
    graph = imported(delay(BIND))
    assert np.array_equal(graph.states[0].initial, np.full((1, 4), 5))


@pytest.mark.parametrize(
    "dtype", [DType.INT8, DType.UINT8, DType.INT32, DType.FLOAT32], ids=lambda item: item.value
)
def test_variable_tensors_start_as_in_litert(dtype: DType) -> None:
    """LiteRT joins a variable tensor, which nothing has written, to an input: its contents show."""
    kind = TensorType(dtype, (1, 4), Quant((0.5,), (5,)) if dtype.is_integer else None)
    tensors = (
        tensor_record("x", kind),
        tensor_record("variable", kind, variable=True),
        tensor_record("y", replace(kind, shape=(2, 4))),
    )
    join = use("CONCATENATION", (0, 1), (2,), Axis=0)
    with LiteRT(write_records(ModelRecord((SubgraphRecord(tensors, (0,), (2,), (join,)),)))) as litert:
        result = litert.run([np.ones((1, 4), dtype.numpy)])[0]
    assert np.array_equal(result[1:], zeros(kind))


def shape_changes() -> ModelRecord:
    model = delay(BIND, ASSIGN)
    main = model.subgraphs[0]
    other = tensor_record("other", replace(KIND, shape=(1, 3)))
    assign = use("ASSIGN_VARIABLE", (1, 4), ())
    return with_main(
        model, tensors=(*main.tensors, other), inputs=(0, 4), operators=(*main.operators, assign)
    )


REFUSED: dict[str, tuple[ModelRecord, type[MilliwattError], str]] = {
    "computed start": (
        delay(BIND, use("ASSIGN_VARIABLE", (0, 2), ())),
        UnsupportedError,
        "initialised with something computed",
    ),
    "computing start": (
        delay(BIND, use("RESHAPE", (1,), (2,))),
        UnsupportedError,
        "RESHAPE in an initialisation",
    ),
    "table": (delay(use("HASHTABLE", (), (0,))), UnsupportedError, "HASHTABLE in an initialisation"),
    "unbound handle": (
        with_main(delay(), operators=(use("READ_VARIABLE", (1,), (2,)),), outputs=(2,)),
        UnsupportedError,
        "does not come from VAR_HANDLE",
    ),
    "no such subgraph": (
        with_main(delay(), operators=(use("CALL_ONCE", (), (), InitSubgraphIndex=7),)),
        ModelError,
        "subgraph 7",
    ),
    "itself": (
        with_main(delay(), operators=(use("CALL_ONCE", (), (), InitSubgraphIndex=0),)),
        ModelError,
        "subgraph 0",
    ),
    "two types": (shape_changes(), UnsupportedError, "changes its type"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    model, error, text = REFUSED[case]
    with pytest.raises(error, match=text):
        imported(model)
