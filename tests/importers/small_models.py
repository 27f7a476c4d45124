# SPDX-License-Identifier: Apache-2.0
"""Records of small TFLite models, to be changed in one place by the tests beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from milliwatt.importers import importers
from milliwatt.importers.request import Request
from milliwatt.importers.tflite.records import ModelRecord, OperatorRecord, SubgraphRecord, TensorRecord
from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.testing.tflite_records import operator_record, options_record, tensor_record
from milliwatt.testing.tflite_writer import write_records

X = TensorType(DType.INT8, (1, 4), Quant((0.5,), (-3,)))
W = TensorType(DType.INT8, (2, 4), Quant((0.25, 0.125), (0, 0), 0))
B = TensorType(DType.INT32, (2,), Quant((0.125, 0.0625), (0, 0), 0))
Y = TensorType(DType.INT8, (1, 2), Quant((1.0,), (5,)))
DENSE_FIELDS = {"FusedActivationFunction": 1, "WeightsFormat": 0, "KeepNumDims": False}


def use(op: str, inputs: tuple[int, ...], outputs: tuple[int, ...], **fields: Any) -> OperatorRecord:
    """One use of an operator with these fields of its options table."""
    return operator_record(op, inputs, outputs, options=options_record(op, fields))


def dense() -> ModelRecord:
    """x -> FULLY_CONNECTED(w, b) -> y, int8, per channel."""
    tensors = (
        tensor_record("x", X),
        tensor_record("w", W, np.arange(8, dtype=np.int8).reshape(2, 4)),
        tensor_record("b", B, np.array([7, -9], np.int32)),
        tensor_record("y", Y),
    )
    node = use("FULLY_CONNECTED", (0, 1, 2), (3,), **DENSE_FIELDS)
    return ModelRecord((SubgraphRecord(tensors, (0,), (3,), (node,)),))


def with_tensor(model: ModelRecord, index: int, **changes: Any) -> ModelRecord:
    """The model with one tensor of its main graph changed."""
    tensors: list[TensorRecord] = list(model.subgraphs[0].tensors)
    tensors[index] = replace(tensors[index], **changes)
    return with_main(model, tensors=tuple(tensors))


def with_operator(model: ModelRecord, **changes: Any) -> ModelRecord:
    """The model with its first operator changed."""
    first, *rest = model.subgraphs[0].operators
    return with_main(model, operators=(replace(first, **changes), *rest))


def with_main(model: ModelRecord, **changes: Any) -> ModelRecord:
    """The model with fields of its main graph changed."""
    return ModelRecord((replace(model.subgraphs[0], **changes), *model.subgraphs[1:]))


def imported(model: ModelRecord) -> Graph:
    """The graph that the importer makes of the written file."""
    return importers()[".tflite"](write_records(model), "model", Request())
