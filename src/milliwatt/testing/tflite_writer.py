# SPDX-License-Identifier: Apache-2.0
"""Writes .tflite files: from a graph, or from records for files that no graph would give.

The inverse of `milliwatt.importers.tflite`, for random graphs, tests of operators against LiteRT, and
models that are trained here. Options tables are filled by reflection over the schema, as they are read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import tflite

from milliwatt.importers.tflite import schema
from milliwatt.importers.tflite.records import (
    ModelRecord,
    OperatorRecord,
    OptionsRecord,
    QuantRecord,
    SubgraphRecord,
    TensorRecord,
)
from milliwatt.ir import Graph
from milliwatt.testing.tflite_records import records

_SCHEMA_VERSION = 3
_LAST_ONE_BYTE_CODE = 127
"""Operator codes from here on do not fit the old one-byte field, which then holds this placeholder."""


def write(graph: Graph) -> bytes:
    """The bytes of a .tflite file that means the same as the graph.

    Raises:
        UsageError: the graph has something that the format cannot say.
    """
    return write_records(records(graph))


def write_records(model: ModelRecord) -> bytes:
    """The bytes of a .tflite file with exactly these records."""
    return _Writer().file(model)


class _Writer:
    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)
        self._buffers: list[int] = []
        self._codes: list[tuple[str, str, int]] = []

    def file(self, model: ModelRecord) -> bytes:
        self._buffers = [self._table("Buffer", {})]
        subgraphs = self._tables("Model", "Subgraphs", [self._subgraph(item) for item in model.subgraphs])
        codes = self._tables("Model", "OperatorCodes", [self._code(*code) for code in self._codes])
        buffers = self._tables("Model", "Buffers", self._buffers)
        description = self._builder.CreateString("milliwatt")
        root = self._table(
            "Model",
            {
                "Version": _SCHEMA_VERSION,
                "OperatorCodes": codes,
                "Subgraphs": subgraphs,
                "Description": description,
                "Buffers": buffers,
            },
        )
        self._builder.Finish(root, file_identifier=schema.IDENTIFIER)
        return bytes(self._builder.Output())

    def _subgraph(self, subgraph: SubgraphRecord) -> int:
        tensors = self._tables("SubGraph", "Tensors", [self._tensor(item) for item in subgraph.tensors])
        operators = self._tables(
            "SubGraph", "Operators", [self._operator(item) for item in subgraph.operators]
        )
        fields = {
            "Tensors": tensors,
            "Inputs": self._integers(subgraph.inputs),
            "Outputs": self._integers(subgraph.outputs),
            "Operators": operators,
            "Name": self._builder.CreateString("main"),
        }
        return self._table("SubGraph", fields)

    def _tensor(self, tensor: TensorRecord) -> int:
        fields = {
            "Shape": self._integers(tensor.shape),
            "Type": schema.enum_values("TensorType")[tensor.type],
            "Buffer": self._buffer(tensor.data),
            "Name": self._builder.CreateString(tensor.name),
            "IsVariable": tensor.is_variable,
            "HasRank": True,
        }
        if tensor.quant is not None:
            fields["Quantization"] = self._quant(tensor.quant)
        if tensor.is_sparse:
            fields["Sparsity"] = self._table("SparsityParameters", {})
        if tensor.shape_signature:
            fields["ShapeSignature"] = self._integers(tensor.shape_signature)
        return self._table("Tensor", fields)

    def _quant(self, quant: QuantRecord) -> int:
        fields = {
            "Scale": self._builder.CreateNumpyVector(quant.scale),
            "ZeroPoint": self._builder.CreateNumpyVector(quant.zero_point),
            "QuantizedDimension": quant.dimension,
        }
        if quant.details != "NONE":
            fields["DetailsType"] = schema.enum_values("QuantizationDetails")[quant.details]
            fields["Details"] = self._table(quant.details, {})
        return self._table("QuantizationParameters", fields)

    def _buffer(self, data: npt.NDArray[np.uint8] | None) -> int:
        """The index of a buffer with these contents, which LiteRT wants on 16-byte addresses."""
        if data is None:
            return 0
        size = data.nbytes
        self._builder.StartVector(1, size, 16)
        head = self._builder.head - size
        self._builder.head = head
        self._builder.Bytes[head : head + size] = data.tobytes()
        self._buffers.append(self._table("Buffer", {"Data": self._builder.EndVector()}))
        return len(self._buffers) - 1

    def _operator(self, operator: OperatorRecord) -> int:
        code = (operator.op, operator.custom, operator.version)
        if code not in self._codes:
            self._codes.append(code)
        fields = {
            "OpcodeIndex": self._codes.index(code),
            "Inputs": self._integers(operator.inputs),
            "Outputs": self._integers(operator.outputs),
        }
        if operator.intermediates:
            fields["Intermediates"] = self._integers(operator.intermediates)
        if operator.options is not None:
            fields["BuiltinOptionsType"] = schema.enum_values("BuiltinOptions")[operator.options.table]
            fields["BuiltinOptions"] = self._options(operator.options)
        return self._table("Operator", fields)

    def _options(self, options: OptionsRecord) -> int:
        fields: dict[str, Any] = {}
        for name, value in options.fields.items():
            if isinstance(value, tuple):
                fields[name] = self._builder.CreateNumpyVector(np.array(value, np.int32))
            elif isinstance(value, str):
                fields[name] = self._builder.CreateString(value)
            else:
                fields[name] = value
        return self._table(options.table, fields)

    def _code(self, op: str, custom: str, version: int) -> int:
        number = schema.enum_values("BuiltinOperator")[op]
        fields: dict[str, Any] = {
            "DeprecatedBuiltinCode": min(number, _LAST_ONE_BYTE_CODE),
            "BuiltinCode": number,
            "Version": version,
        }
        if custom:
            fields["CustomCode"] = self._builder.CreateString(custom)
        return self._table("OperatorCode", fields)

    def _integers(self, numbers: Sequence[int]) -> int:
        return int(self._builder.CreateNumpyVector(np.array(numbers, np.int32)))

    def _tables(self, owner: str, field: str, offsets: list[int]) -> int:
        _function(owner, f"Start{field}Vector")(self._builder, len(offsets))
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return int(self._builder.EndVector())

    def _table(self, table: str, fields: dict[str, Any]) -> int:
        """Write a table; offsets of vectors, strings and tables in ``fields`` must be written already."""
        _function(table, "Start")(self._builder)
        for name, value in fields.items():
            _function(table, f"Add{name}")(self._builder, value)
        return int(_function(table, "End")(self._builder))


@functools.cache
def _function(table: str, name: str) -> Callable[..., Any]:
    """A function that flatc generated for writing: TensorStart, TensorAddShape, …"""
    function: Callable[..., Any] = getattr(tflite, f"{table}{name}")
    return function
