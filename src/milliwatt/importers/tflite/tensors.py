# SPDX-License-Identifier: Apache-2.0
"""Tensor records -> tensor types and constant arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.tflite.records import QuantRecord, TensorRecord
from milliwatt.ir import DType, Quant, TensorType

Array = npt.NDArray[Any]

MAX_TENSOR_BYTES = 256 * 2**20
MAX_RANK = 8

_DTYPES = {
    "INT4": DType.INT8,
    "INT8": DType.INT8,
    "UINT8": DType.UINT8,
    "INT16": DType.INT16,
    "INT32": DType.INT32,
    "INT64": DType.INT64,
    "BOOL": DType.BOOL,
    "FLOAT32": DType.FLOAT32,
}
_HINTS = {
    "FLOAT16": "convert without float16, or with full-integer quantisation (a representative_dataset)",
    "BFLOAT16": "convert with float32 weights, or with full-integer quantisation (a representative_dataset)",
    "FLOAT64": "cast to float32 before converting",
    "STRING": "move text processing out of the model",
    "RESOURCE": "only resource variables are supported, not tables",
}


def tensor_type(record: TensorRecord, where: str) -> TensorType:
    """The type of a tensor.

    Raises:
        UnsupportedError: an element type, sparse storage or quantisation scheme that milliwatt lacks.
        ModelError: the shape or the quantisation parameters contradict each other.
    """
    subject = f'tensor "{record.name}"'
    if record.is_sparse:
        raise UnsupportedError(
            f"{subject} is stored sparse",
            where=where,
            hint="convert without sparsity; zeros are free after pruning",
        )
    dtype = _DTYPES.get(record.type)
    if dtype is None:
        hint = _HINTS.get(record.type, "supported: " + ", ".join(name.lower() for name in _DTYPES))
        raise UnsupportedError(
            f"{subject} has the unsupported element type {record.type}", where=where, hint=hint
        )
    if record.type == "INT4" and record.data is None:
        raise UnsupportedError(f"{subject} is a computed int4 tensor; int4 is for constants", where=where)
    if len(record.shape) > MAX_RANK or any(extent < 1 for extent in record.shape):
        raise ModelError(
            f"{subject} has the impossible shape {list(record.shape[: MAX_RANK + 1])}", where=where
        )
    if math.prod(record.shape) * dtype.bytes > MAX_TENSOR_BYTES:
        raise ModelError(f"{subject} of shape {list(record.shape)} takes more than 256 MiB", where=where)
    quant = None if record.quant is None or not dtype.is_integer else _quant(record.quant, record, where)
    return TensorType(dtype, record.shape, quant)


def _quant(quant: QuantRecord, record: TensorRecord, where: str) -> Quant | None:
    """The quantisation; None when there is no scale, as in tensors that only record a range."""
    subject = f'tensor "{record.name}"'
    if quant.details != "NONE":
        raise UnsupportedError(f"{subject} is quantised with the scheme {quant.details}", where=where)
    count = len(quant.scale)
    if count == 0:
        return None
    if len(quant.zero_point) not in (1, count):
        raise ModelError(f"{subject} has {count} scales but {len(quant.zero_point)} zero points", where=where)
    if not (np.isfinite(quant.scale).all() and (quant.scale > 0).all()):
        raise ModelError(f"{subject} has a quantisation scale that is not positive and finite", where=where)
    zero_points = np.broadcast_to(quant.zero_point, count)
    # tolist() of float32 gives the same value as a Python float: scales stay exact.
    scales, axis = tuple(quant.scale.tolist()), quant.dimension if count > 1 else None
    return Quant(scales, tuple(zero_points.tolist()), axis)


def constant(record: TensorRecord, kind: TensorType, where: str) -> Array:
    """The contents of a tensor whose record has data, in its type's element type and shape.

    int4 is unpacked: two elements a byte, the low half first, sign-extended.

    Raises:
        ModelError: the data have another size than the shape.
    """
    array = _unpacked(record, kind, where)
    array.setflags(write=False)
    return array


def _unpacked(record: TensorRecord, kind: TensorType, where: str) -> Array:
    assert record.data is not None
    bits = 4 if record.type == "INT4" else 8 * kind.dtype.bytes
    _check_size(record, (kind.size * bits + 7) // 8, where)
    if record.type == "INT4":
        low = (record.data << 4).view(np.int8) >> 4
        high = record.data.view(np.int8) >> 4
        return np.stack([low, high], axis=1).reshape(-1)[: kind.size].reshape(kind.shape)
    if kind.dtype is DType.BOOL:
        truth: Array = record.data != 0
        return truth.reshape(kind.shape)
    stored: Array = record.data.view(kind.dtype.numpy.newbyteorder("<"))
    native: Array = stored.astype(kind.dtype.numpy, copy=False).reshape(kind.shape)
    return native


def widened(record: TensorRecord, where: str) -> Array:
    """The contents of a float16 constant as float32, which holds each value exactly."""
    assert record.data is not None
    if len(record.shape) > MAX_RANK or any(extent < 1 for extent in record.shape):
        raise ModelError(f'tensor "{record.name}" has an impossible shape', where=where)
    _check_size(record, 2 * math.prod(record.shape), where)
    halves: Array = record.data.view(np.dtype("<f2"))
    array = halves.astype(np.float32).reshape(record.shape)
    array.setflags(write=False)
    return array


def _check_size(record: TensorRecord, expected: int, where: str) -> None:
    found = 0 if record.data is None else record.data.nbytes
    if found != expected:
        raise ModelError(
            f'constant "{record.name}" holds {found} bytes, but its type and shape need {expected}',
            where=where,
        )
