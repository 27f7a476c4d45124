# SPDX-License-Identifier: Apache-2.0
"""Element types, quantisation and tensor types."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]


class DType(enum.Enum):
    """The element types a graph may hold. int4 weights are unpacked to INT8 on import."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    BOOL = "bool"
    FLOAT32 = "float32"

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The NumPy type that holds one element."""
        return np.dtype(self.value)

    @property
    def bytes(self) -> int:
        """Bytes per element."""
        return int(self.numpy.itemsize)

    @property
    def c(self) -> str:
        """The C type that holds one element."""
        return {"bool": "uint8_t", "float32": "float"}.get(self.value, f"{self.value}_t")

    @property
    def is_integer(self) -> bool:
        """Whether the type is an integer (bool is not)."""
        return self not in (DType.BOOL, DType.FLOAT32)

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value of an integer type."""
        info = np.iinfo(self.value)
        return int(info.min), int(info.max)


@dataclass(frozen=True)
class Quant:
    """Affine quantisation: real = scale * (integer - zero_point).

    Attributes:
        scale: one float32 value per tensor, or one per slice along ``axis``. Positive and finite.
        zero_point: as many integers as there are scales.
        axis: the quantised dimension when there is more than one scale, else None.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None

    def __post_init__(self) -> None:
        if len(self.scale) != len(self.zero_point) or not self.scale:
            raise ValueError("as many zero points as scales, at least one")

    @property
    def per_channel(self) -> bool:
        """Whether there is a scale per slice."""
        return self.axis is not None

    @property
    def scalar(self) -> tuple[float, int]:
        """Scale and zero point of a per-tensor quantisation."""
        if len(self.scale) != 1:
            raise ValueError("this tensor is quantised per channel")
        return self.scale[0], self.zero_point[0]


@dataclass(frozen=True)
class TensorType:
    """Element type, static shape (row-major) and quantisation of a value."""

    dtype: DType
    shape: Shape
    quant: Quant | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of the whole tensor."""
        return self.size * self.dtype.bytes

    def __str__(self) -> str:
        text = f"{self.dtype.value}[{', '.join(map(str, self.shape))}]"
        if self.quant is None:
            return text
        if self.quant.per_channel:
            return f"{text} q/{self.quant.axis}×{len(self.quant.scale)}"
        scale, zero_point = self.quant.scalar
        return f"{text} q({scale:.6g}, {zero_point})"


def frozen(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """A C-contiguous copy of ``array`` that cannot be written to."""
    copy = np.array(array, order="C", copy=True)
    copy.setflags(write=False)
    return copy
