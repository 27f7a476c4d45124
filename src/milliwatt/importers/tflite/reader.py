# SPDX-License-Identifier: Apache-2.0
"""Bytes of a .tflite file -> plain records, in time and memory bounded by the file's size.

This is the one place that touches the flatbuffer. A file may be damaged or hostile, and the Python
flatbuffers runtime checks nothing: it follows any offset, believes any length, and raises whatever the
access happens to raise. So two rules hold here and nowhere else:

* `read` turns the exceptions that a wrong offset, length or type can raise (`_DAMAGE`) into ModelError.
  Nothing but reading happens inside, so an error of the importer's own logic is not hidden by it.
* Everything that costs time or memory (tables, numbers, text) is paid for out of an `Allowance` before it
  is read. The limits stand far above any model for a microcontroller. Contents of tensors cost nothing:
  they stay views of the file.
"""

from __future__ import annotations

import struct
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import tflite

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.tflite import schema
from milliwatt.importers.tflite.records import (
    FieldValue,
    ModelRecord,
    OperatorRecord,
    OptionsRecord,
    QuantRecord,
    SubgraphRecord,
    Table,
    TensorRecord,
)

MAX_FILE_BYTES = 64 * 2**20
MAX_TABLES = 10_000
"""Tensors, operators, buffers and subgraphs together: bounds the time of reading to about a second."""
MAX_NUMBERS = 1_000_000
"""Extents, scales, zero points and indices of tensors together."""
MAX_TEXT = 4 * 2**20
"""Bytes of all names together."""

_DAMAGE = (struct.error, LookupError, TypeError, ValueError, OverflowError, AttributeError)


class Allowance:
    """What may still be read of one file."""

    def __init__(self, file_bytes: int) -> None:
        self._file_bytes = file_bytes
        self._left = {"tables": MAX_TABLES, "numbers": MAX_NUMBERS, "bytes of names": MAX_TEXT}

    def take(self, count: int, kind: str) -> None:
        """Pay for ``count`` pieces of one kind.

        Raises:
            ModelError: they cannot all lie in the file.
            UnsupportedError: the file has more of them than any model for a microcontroller.
        """
        if count > self._file_bytes:
            raise ModelError(f"the file is damaged: it claims to hold {count:,} {kind} in one place")
        self._left[kind] -= count
        if self._left[kind] < 0:
            raise UnsupportedError(
                f"the file has too many {kind} (tensors, operators, shapes, scales or names)"
            )


def read(data: bytes) -> ModelRecord:
    """The records of a .tflite file.

    Raises:
        ModelError: the bytes are no TFLite file, or a damaged one.
        UnsupportedError: the file is larger than any microcontroller's model.
    """
    if len(data) > MAX_FILE_BYTES:
        raise UnsupportedError(f"the file has {len(data):,} bytes; the limit is {MAX_FILE_BYTES:,}")
    if len(data) < 8 or data[4:8] != schema.IDENTIFIER:
        raise ModelError("this is not a TFLite file: the identifier TFL3 is not at byte 4")
    try:
        return _Reader(data).model()
    except _DAMAGE as error:
        raise ModelError(
            "the file is damaged: it points outside of itself or holds values of a wrong kind",
            hint="convert or download the model again",
        ) from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._bytes = data
        self._allowance = Allowance(len(data))
        self._root: Table = tflite.Model.GetRootAs(data, 0)
        self._codes: list[Table] = []
        self._buffers: list[Table] = []
        self._data: dict[int, npt.NDArray[np.uint8] | None] = {}

    def model(self) -> ModelRecord:
        if self._root.Version() != 3:
            raise ModelError(
                f"the file says schema version {self._root.Version()}, but TFL3 files have version 3"
            )
        self._codes = self._tables(self._root, "OperatorCodes")
        self._buffers = self._tables(self._root, "Buffers")
        subgraphs = self._tables(self._root, "Subgraphs")
        if not subgraphs:
            raise ModelError("the file holds no graph")
        return ModelRecord(tuple(self._subgraph(table) for table in subgraphs))

    def _subgraph(self, table: Table) -> SubgraphRecord:
        return SubgraphRecord(
            tensors=tuple(self._tensor(item) for item in self._tables(table, "Tensors")),
            inputs=self._integers(table, "Inputs"),
            outputs=self._integers(table, "Outputs"),
            operators=tuple(self._operator(item) for item in self._tables(table, "Operators")),
        )

    def _tensor(self, table: Table) -> TensorRecord:
        quant = table.Quantization()
        return TensorRecord(
            name=self._text(table.Name()),
            type=_member("TensorType", table.Type()),
            shape=self._integers(table, "Shape"),
            shape_signature=self._integers(table, "ShapeSignature"),
            data=self._contents(table.Buffer()),
            quant=None if quant is None else self._quant(quant),
            is_variable=bool(table.IsVariable()),
            is_sparse=table.Sparsity() is not None,
        )

    def _quant(self, table: Table) -> QuantRecord:
        return QuantRecord(
            scale=self._numbers(table, "Scale").astype(np.float32),
            zero_point=self._numbers(table, "ZeroPoint").astype(np.int64),
            dimension=int(table.QuantizedDimension()),
            details=_member("QuantizationDetails", table.DetailsType()),
        )

    def _contents(self, index: int) -> npt.NDArray[np.uint8] | None:
        """The bytes of a buffer as a view of the file, or None when it is empty. Buffer 0 always is."""
        if index not in self._data:
            self._data[index] = self._buffer(self._buffers[index])
        return self._data[index]

    def _buffer(self, table: Table) -> npt.NDArray[np.uint8] | None:
        if table.DataLength():
            contents: npt.NDArray[np.uint8] = table.DataAsNumpy()
            return contents
        start, size = int(table.Offset()), int(table.Size())
        if start <= 1 or size == 0:  # 0 and 1 mark contents that are not behind the flatbuffer
            return None
        return np.frombuffer(self._bytes, np.uint8, count=size, offset=start)

    def _operator(self, table: Table) -> OperatorRecord:
        code = self._codes[table.OpcodeIndex()]
        # Codes above 126 do not fit the old one-byte field, which then holds a placeholder.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        return OperatorRecord(
            op=_member("BuiltinOperator", number),
            custom=self._text(code.CustomCode()),
            version=int(code.Version()),
            inputs=self._integers(table, "Inputs"),
            outputs=self._integers(table, "Outputs"),
            intermediates=self._integers(table, "Intermediates"),
            options=self._options(table),
        )

    def _options(self, operator: Table) -> OptionsRecord | None:
        kind = _member("BuiltinOptions", operator.BuiltinOptionsType())
        table = operator.BuiltinOptions()
        if kind == "NONE" or table is None:
            return None
        if kind not in schema.enum_values("BuiltinOptions"):
            return OptionsRecord(kind, MappingProxyType({}))
        options = schema.table_class(kind)()
        options.Init(table.Bytes, table.Pos)
        fields: dict[str, FieldValue] = {}
        for name in schema.scalar_fields(kind):
            value = getattr(options, name)()
            if isinstance(value, bytes):
                fields[name] = self._text(value)
            elif isinstance(value, int | float):
                fields[name] = value
        for name in schema.vector_fields(kind):
            fields[name] = tuple(self._numbers(options, name).tolist())
        return OptionsRecord(kind, MappingProxyType(fields))

    def _tables(self, owner: Table, field: str) -> list[Table]:
        count = getattr(owner, f"{field}Length")()
        self._allowance.take(count, "tables")
        element = getattr(owner, field)
        return [element(index) for index in range(count)]

    def _numbers(self, owner: Table, field: str) -> npt.NDArray[np.generic]:
        length = getattr(owner, f"{field}Length")()
        if length == 0:
            return np.zeros(0, np.int32)
        self._allowance.take(length, "numbers")
        numbers: npt.NDArray[np.generic] = getattr(owner, f"{field}AsNumpy")()
        return numbers

    def _integers(self, owner: Table, field: str) -> tuple[int, ...]:
        return tuple(int(number) for number in self._numbers(owner, field).tolist())

    def _text(self, raw: bytes | None) -> str:
        if raw is None:
            return ""
        self._allowance.take(len(raw), "bytes of names")
        return raw.decode("utf-8", errors="replace")


def _member(enum: str, value: int) -> str:
    """The name of an enum's value; a number for values that this version of the schema does not have."""
    return schema.enum_members(enum).get(value, f"{enum} {value}")
