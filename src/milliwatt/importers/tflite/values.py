# SPDX-License-Identifier: Apache-2.0
"""The values of the graph under construction: each tensor becomes one when it is first used."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.tflite import tensors
from milliwatt.importers.tflite.records import SubgraphRecord, TensorRecord
from milliwatt.ir import DType, TensorType
from milliwatt.ir.naming import unique_names

Array = npt.NDArray[Any]

MAX_CONSTANT_READS = 256 * 2**20


class ReadAllowance:
    """Bytes of constants that may still be read, every use by every node counted.

    It bounds the memory of unpacked constants and the time of all checks that look into them.
    """

    def __init__(self) -> None:
        self._left = MAX_CONSTANT_READS

    def take(self, count: int, where: str) -> None:
        """Pay for reading ``count`` bytes.

        Raises:
            UnsupportedError: the model reads more than any microcontroller could hold.
        """
        self._left -= count
        if self._left < 0:
            raise UnsupportedError("the model reads more than 256 MiB of constants", where=where)


class Values:
    """Names, types and constants of one subgraph's tensors."""

    def __init__(self, subgraph: SubgraphRecord, allowance: ReadAllowance) -> None:
        self._records = subgraph.tensors
        self._names = unique_names(record.name for record in subgraph.tensors)
        self._allowance = allowance
        self._known_types: dict[int, TensorType] = {}
        self.types: dict[str, TensorType] = {}
        self.constants: dict[str, Array] = {}

    def record(self, index: int, where: str) -> TensorRecord:
        """The record of a tensor.

        Raises:
            ModelError: there is no tensor of that index.
        """
        if not 0 <= index < len(self._records):
            raise ModelError(f"tensor {index} does not exist", where=where)
        return self._records[index]

    def name(self, index: int) -> str:
        """The value name of a tensor, used or not."""
        return self._names[index] if 0 <= index < len(self._names) else f"tensor {index}"

    def type_of(self, index: int, where: str) -> TensorType:
        """The type of a tensor, without making it a value."""
        if index not in self._known_types:
            self._known_types[index] = tensors.tensor_type(self.record(index, where), where)
        return self._known_types[index]

    def define(self, index: int, where: str) -> str:
        """The value of a graph input or of a node's output; returns its name."""
        self.record(index, where)
        name = self._names[index]
        if name not in self.types:
            self.types[name] = self.type_of(index, where)
        return name

    def use(self, index: int, where: str) -> str:
        """The value of a node's input or of a graph output, a constant when the file holds its contents."""
        record = self.record(index, where)
        name = self._names[index]
        if name in self.constants:
            self._allowance.take(self.constants[name].nbytes, where)
        elif name not in self.types:
            self.types[name] = self.type_of(index, where)
            if record.data is not None:
                self._allowance.take(self.types[name].bytes, where)
                self.constants[name] = tensors.constant(record, self.types[name], where)
        return name

    def define_widened(self, source: int, target: int, where: str) -> None:
        """Make ``target`` a float32 constant with the contents of the float16 constant ``source``."""
        record = self.record(source, where)
        self._allowance.take(2 * (0 if record.data is None else record.data.nbytes), where)
        array = tensors.widened(record, where)
        name = self.define(target, where)
        if self.types[name] != TensorType(DType.FLOAT32, array.shape):
            raise ModelError(
                f"DEQUANTIZE makes {self.types[name]} from float16{list(array.shape)}", where=where
            )
        self.constants[name] = array

    def constant(self, index: int, where: str) -> tuple[TensorType, Array] | None:
        """Type and contents of a constant tensor, or None when the file holds no contents for it."""
        record = self.record(index, where)
        if record.data is None:
            return None
        kind = self.type_of(index, where)
        self._allowance.take(kind.bytes, where)
        return kind, tensors.constant(record, kind, where)


def zeros(kind: TensorType) -> Array:
    """What a variable holds at first where the file says nothing.

    LiteRT and TFLM fill int8 variables with the zero point and all others with zero bytes (measured with
    ai-edge-litert 2.3; TFLM: `micro_interpreter_graph.cc`, ResetVariableTensors). LiteRT refuses to read a
    resource variable that nothing has assigned; TFLM starts it so.
    """
    fill = kind.quant.zero_point[0] if kind.quant is not None and kind.dtype is DType.INT8 else 0
    return np.full(kind.shape, fill, kind.dtype.numpy)
