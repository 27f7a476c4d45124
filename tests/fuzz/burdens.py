# SPDX-License-Identifier: Apache-2.0
"""Well-formed TFLite files that ask for as much time or memory as their size allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from milliwatt.importers.tflite.records import ModelRecord, OptionsRecord, QuantRecord, SubgraphRecord
from milliwatt.ir import DType, TensorType
from milliwatt.testing.tflite_records import operator_record, options_record, tensor_record

FLOATS = TensorType(DType.FLOAT32, (1,))
X = tensor_record("x", FLOATS)
RELU = operator_record("RELU", (0,), (1,))


def long_chain() -> ModelRecord:
    """As many operators as the limit on tables lets through."""
    count = 3_000
    tensors = tuple(tensor_record(f"t{number}", FLOATS) for number in range(count))
    nodes = tuple(operator_record("RELU", (number,), (number + 1,)) for number in range(count - 1))
    return _model(SubgraphRecord(tensors, (0,), (count - 1,), nodes))


def many_outputs() -> ModelRecord:
    """One operator that names an output very often."""
    tensors = (
        X,
        tensor_record("axis", TensorType(DType.INT32, ()), np.zeros((), np.int32)),
        replace(X, name="y"),
    )
    options = options_record("SPLIT", {"NumSplits": 200_000})
    node = operator_record("SPLIT", (1, 0), (2,) * 200_000, options=options)
    return _model(SubgraphRecord(tensors, (0,), (2,), (node,)))


def many_inputs() -> ModelRecord:
    """One operator that reads a value very often."""
    node = operator_record(
        "CONCATENATION", (0,) * 200_000, (1,), options=options_record("CONCATENATION", {"Axis": 0})
    )
    return _model(SubgraphRecord((X, replace(X, name="y")), (0,), (1,), (node,)))


def many_graph_inputs() -> ModelRecord:
    """A graph input and a graph output that are listed very often."""
    return _model(SubgraphRecord((X, replace(X, name="y")), (0,) * 150_000, (1,) * 150_000, (RELU,)))


def shared_constant() -> ModelRecord:
    """A large constant that every operator reads."""
    kind = TensorType(DType.FLOAT32, (250_000,))
    tensors = [tensor_record("w", kind, np.ones(kind.shape, np.float32))]
    tensors += [tensor_record(f"t{number}", kind) for number in range(3_000)]
    options = options_record("ADD", {"FusedActivationFunction": 0})
    nodes = tuple(
        operator_record("ADD", (0, number), (number + 1,), options=options) for number in range(1, 3_000)
    )
    return _model(SubgraphRecord(tuple(tensors), (1,), (3_000,), nodes))


def long_names() -> ModelRecord:
    """Many tensors with long names that cannot be printed."""
    name = "\x07" * 2_000
    tensors = tuple(tensor_record(name, FLOATS) for _ in range(2_000))
    nodes = tuple(operator_record("RELU", (number,), (number + 1,)) for number in range(1_999))
    return _model(SubgraphRecord(tensors, (0,), (1_999,), nodes))


def many_scales() -> ModelRecord:
    """A variable with very many scales that is read again and again."""
    count = 200_000
    quant = QuantRecord(np.ones(count, np.float32), np.zeros(count, np.int64), 0, "NONE")
    value = replace(tensor_record("y", TensorType(DType.INT8, (count,))), quant=quant)
    handle = replace(X, name="handle", type="RESOURCE")
    bind = operator_record("VAR_HANDLE", (), (0,), options=options_record("VAR_HANDLE", {"SharedName": "v"}))
    reads = tuple(operator_record("READ_VARIABLE", (0,), (number,)) for number in range(1, 2_000))
    tensors = (handle, value, *(replace(value, name=f"y{number}", quant=None) for number in range(2_000)))
    return _model(SubgraphRecord(tensors, (), (1,), (bind, *reads[:1] * 2_000)))


def repeated_initialisation() -> ModelRecord:
    """A large subgraph that is called very often."""
    tensors = tuple(tensor_record(f"t{number}", FLOATS) for number in range(3_000))
    call = operator_record("CALL_ONCE", (), (), options=options_record("CALL_ONCE", {"InitSubgraphIndex": 1}))
    main = SubgraphRecord((X, replace(X, name="y")), (0,), (1,), (*(call,) * 3_000, RELU))
    return ModelRecord((main, SubgraphRecord(tensors, (), (), ())))


def large_variables() -> ModelRecord:
    """Variables that together take far more than the file."""
    kind = TensorType(DType.INT8, (2**27,))
    handles = [replace(X, name=f"h{number}", type="RESOURCE") for number in range(20)]
    values = [tensor_record(f"v{number}", kind) for number in range(20)]
    nodes = []
    for number in range(20):
        options = options_record("VAR_HANDLE", {"SharedName": f"v{number}"})
        nodes.append(operator_record("VAR_HANDLE", (), (number,), options=options))
        nodes.append(operator_record("READ_VARIABLE", (number,), (20 + number,)))
    return _model(SubgraphRecord((*handles, *values), (), (20,), tuple(nodes)))


def int4_constants() -> ModelRecord:
    """Packed constants, each read by an operator of its own: twice the size when unpacked."""
    size = 2**20
    packed = np.zeros(size // 2, np.uint8)
    quant = QuantRecord(np.ones(1, np.float32), np.zeros(1, np.int64), 0, "NONE")
    kind = TensorType(DType.INT8, (1, size))
    constants = [
        replace(tensor_record(f"w{number}", kind), type="INT4", data=packed, quant=quant)
        for number in range(40)
    ]
    outputs = [replace(tensor_record(f"y{number}", kind), quant=quant) for number in range(40)]
    nodes = tuple(operator_record("RELU", (number,), (40 + number,)) for number in range(40))
    return _model(SubgraphRecord((*constants, *outputs), (), tuple(range(40, 80)), nodes))


def long_options() -> ModelRecord:
    """An attribute with very many numbers."""
    options = OptionsRecord("ReshapeOptions", MappingProxyType({"NewShape": (1,) * 400_000}))
    node = operator_record("RESHAPE", (0,), (1,), options=options)
    return _model(SubgraphRecord((X, replace(X, name="y")), (0,), (1,), (node,)))


def _model(main: SubgraphRecord) -> ModelRecord:
    return ModelRecord((main,))


BURDENS: dict[str, Callable[[], ModelRecord]] = {
    make.__name__: make
    for make in (
        long_chain,
        many_outputs,
        many_inputs,
        many_graph_inputs,
        shared_constant,
        long_names,
        many_scales,
        repeated_initialisation,
        large_variables,
        int4_constants,
        long_options,
    )
}
