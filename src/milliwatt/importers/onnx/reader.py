# SPDX-License-Identifier: Apache-2.0
"""Bytes of an .onnx file -> plain records. The only code that touches the protobuf.

Protobuf checks lengths itself, so that what is read is at most a small multiple of the file. Contents of tensors
that lie in other files are refused: nothing but the given bytes is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, ToolchainError, UnsupportedError
from milliwatt.importers.onnx.records import (
    Extent,
    FunctionRecord,
    GraphRecord,
    ModelRecord,
    NodeRecord,
    Reference,
    ValueRecord,
)

Array = npt.NDArray[Any]
Message = Any
"""One of onnx's protobuf messages."""

MAX_FILE_BYTES = 256 * 2**20
MAX_PIECES = 100_000
"""Nodes, attributes, inputs and tensors together: bounds the time of reading to a few seconds."""
MAX_DEPTH = 16
"""Graphs within graphs."""
MAX_RANK = 16
SMALL_INTEGERS = (21, 22, 25, 26)
"""ONNX's numbers of UINT4, INT4, UINT2 and INT2, which only constants may be."""

_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    AttributeError,
    RuntimeError,
    NotImplementedError,
)


def read(data: bytes) -> ModelRecord:
    """The records of an .onnx file.

    Raises:
        ModelError: the bytes are no ONNX file, or a damaged one.
        UnsupportedError: the file is too large, or keeps tensors in other files.
        ToolchainError: the package onnx is missing.
    """
    if len(data) > MAX_FILE_BYTES:
        raise UnsupportedError(f"the file has {len(data):,} bytes; the limit is {MAX_FILE_BYTES:,}")
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise ToolchainError(
            "reading .onnx files needs the package onnx", hint="pip install 'milliwatt[onnx]'"
        ) from error
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelError(
            "this is not an ONNX file, or it is damaged", hint="export the model again"
        ) from error
    if not model.HasField("graph"):
        raise ModelError("this is not an ONNX file: it holds no graph")
    return _Reader().model(model)


class _Reader:
    def __init__(self) -> None:
        self._left = MAX_PIECES

    def model(self, model: Message) -> ModelRecord:
        opsets = {_domain(entry.domain): int(entry.version) for entry in model.opset_import}
        return ModelRecord(
            MappingProxyType(opsets), self._graph(model.graph, 0), MappingProxyType(self._functions(model))
        )

    def _functions(self, model: Message) -> dict[tuple[str, str], FunctionRecord]:
        found = {}
        for function in self._each(getattr(model, "functions", ())):
            defaults = {
                _text(item.name): self._attribute(item, 0) for item in self._each(function.attribute_proto)
            }
            found[_domain(function.domain), _text(function.name)] = FunctionRecord(
                tuple(map(_text, function.input)),
                tuple(map(_text, function.output)),
                MappingProxyType(defaults),
                tuple(self._node(node, 0) for node in self._each(function.node)),
            )
        return found

    def _graph(self, graph: Message, depth: int) -> GraphRecord:
        if depth > MAX_DEPTH:
            raise UnsupportedError(f"graphs are nested more than {MAX_DEPTH} deep")
        if graph.sparse_initializer:
            raise UnsupportedError("the model has sparse constants", hint="export it with dense ones")
        return GraphRecord(
            inputs=tuple(self._value(item) for item in self._each(graph.input)),
            outputs=tuple(self._value(item) for item in self._each(graph.output)),
            constants=MappingProxyType(
                {_text(item.name): array(item) for item in self._each(graph.initializer)}
            ),
            nodes=tuple(self._node(item, depth) for item in self._each(graph.node)),
        )

    def _value(self, value: Message) -> ValueRecord:
        if not value.type.HasField("tensor_type"):
            kind = value.type.WhichOneof("value")
            if kind is None:
                return ValueRecord(_text(value.name), None, None)
            raise UnsupportedError(f'"{value.name}" is no tensor but a {kind.removesuffix("_type")}')
        tensor = value.type.tensor_type
        if tensor.elem_type in SMALL_INTEGERS:
            raise UnsupportedError(f'"{value.name}" has less than 8 bits; only constants may')
        shape: tuple[Extent, ...] | None = None
        if tensor.HasField("shape"):
            shape = tuple(_extent(item) for item in self._each(tensor.shape.dim))
        name = _text(value.name)
        return ValueRecord(name, element_type(tensor.elem_type, name), shape)

    def _node(self, node: Message, depth: int) -> NodeRecord:
        self._pay(len(node.input) + len(node.output))
        attributes = {_text(item.name): self._attribute(item, depth) for item in self._each(node.attribute)}
        return NodeRecord(
            op=_text(node.op_type),
            domain=_domain(node.domain),
            name=_text(node.name),
            inputs=tuple(map(_text, node.input)),
            outputs=tuple(map(_text, node.output)),
            attributes=MappingProxyType(attributes),
        )

    def _attribute(self, item: Message, depth: int) -> Any:
        if item.ref_attr_name:
            return Reference(_text(item.ref_attr_name))
        kinds = item.AttributeType
        match item.type:
            case kinds.INT:
                return int(item.i)
            case kinds.FLOAT:
                return float(item.f)
            case kinds.STRING:
                return item.s.decode("utf-8", errors="replace")
            case kinds.TENSOR:
                return array(item.t)
            case kinds.GRAPH:
                return self._graph(item.g, depth + 1)
            case kinds.INTS:
                return tuple(int(number) for number in item.ints)
            case kinds.FLOATS:
                return tuple(float(number) for number in item.floats)
            case kinds.STRINGS:
                return tuple(text.decode("utf-8", errors="replace") for text in item.strings)
            case _:
                return None

    def _each(self, items: Iterable[Message]) -> Iterable[Message]:
        for item in items:
            self._pay(1)
            yield item

    def _pay(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise UnsupportedError(f"the file has more than {MAX_PIECES:,} nodes, tensors and attributes")


def array(tensor: Message) -> Array:
    """The contents of a tensor; 4-bit integers as int8 or uint8, small floats as float32.

    Raises:
        ModelError: the contents do not fit the shape.
        UnsupportedError: the contents lie in another file, or have an element type that milliwatt lacks.
    """
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise UnsupportedError(
            f'the contents of "{tensor.name}" lie in another file',
            hint="write one file: torch.onnx.export(..., external_data=False), or onnx.save(onnx.load(FILE), OTHER)",
        )
    shape = tuple(int(extent) for extent in tensor.dims)
    size = math.prod(shape)
    if len(shape) > MAX_RANK or any(extent < 0 for extent in shape) or size > 16 * (tensor.ByteSize() + 16):
        raise ModelError(f'the constant "{tensor.name}" has an impossible shape')
    target = element_type(tensor.data_type, tensor.name)
    try:
        contents: Array = np.asarray(numpy_helper.to_array(tensor))
        found = contents.astype(target, copy=False).reshape(shape)
    except _DAMAGE as error:
        raise ModelError(f'the constant "{tensor.name}" does not hold what its shape needs') from error
    found = np.array(found)
    found.setflags(write=False)
    return found


def element_type(number: int, name: str) -> np.dtype[Any] | None:
    """The NumPy type of ONNX's element type; None where the file says nothing.

    Raises:
        UnsupportedError: strings, complex numbers and the like.
    """
    from onnx import TensorProto

    if number == TensorProto.UNDEFINED:
        return None
    found = _element_types().get(number)
    if found is None:
        names: Mapping[int, str] = {value: key for key, value in TensorProto.DataType.items()}
        raise UnsupportedError(
            f'"{name}" has the element type {names.get(number, number)}',
            hint="numbers and truth values are supported; move text processing out of the model",
        )
    return np.dtype(found)


def _element_types() -> dict[int, str]:
    from onnx import TensorProto

    names = {
        "FLOAT": "float32",
        "DOUBLE": "float64",
        "FLOAT16": "float16",
        "BFLOAT16": "float32",
        "INT8": "int8",
        "UINT8": "uint8",
        "INT16": "int16",
        "UINT16": "uint16",
        "INT32": "int32",
        "UINT32": "uint32",
        "INT64": "int64",
        "UINT64": "uint64",
        "BOOL": "bool",
        "INT4": "int8",
        "UINT4": "uint8",
        "INT2": "int8",
        "UINT2": "uint8",
    }
    return {getattr(TensorProto, key): value for key, value in names.items() if hasattr(TensorProto, key)}


def _extent(dimension: Message) -> Extent:
    kind = dimension.WhichOneof("value")
    if kind == "dim_value":
        return int(dimension.dim_value)
    return _text(dimension.dim_param) or None if kind == "dim_param" else None


def _domain(domain: str | bytes) -> str:
    name = _text(domain)
    return "" if name == "ai.onnx" else name


def _text(text: str | bytes) -> str:
    """A string of the file; protobuf gives the bytes of one that is no UTF-8."""
    return text if isinstance(text, str) else text.decode("utf-8", errors="replace")
