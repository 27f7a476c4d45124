# SPDX-License-Identifier: Apache-2.0
"""What operators that move elements share: strides, axes, constant operands and their constraints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Constraint, Move, Signature, TypeRow, Types

MOVABLE = (
    DType.INT8,
    DType.UINT8,
    DType.INT16,
    DType.INT32,
    DType.INT64,
    DType.BOOL,
    DType.FLOAT32,
)
INDEX = (DType.INT32, DType.INT64)


def rows(*others: DType | tuple[DType | None, ...], dtypes: Sequence[DType] = MOVABLE) -> tuple[TypeRow, ...]:
    """A row per element type: data of that type, then the other inputs, gives one output of that type."""
    tail: Types = others
    return tuple(TypeRow((dtype, *tail), (dtype,)) for dtype in dtypes)


def strides(shape: Shape) -> tuple[int, ...]:
    """Elements from one index to the next along each axis of a contiguous tensor."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def positive_axis(axis: int, rank: int) -> int:
    """The axis counted from the front."""
    return axis + rank if axis < 0 else axis


def integers(signature: Signature, index: int) -> tuple[int, ...]:
    """The elements of a constant input, flattened.

    Raises:
        ValueError: the input is not constant.
    """
    array = signature.constant(index)
    if array is None:
        raise ValueError(f"input {index} of {signature.op} is not constant")
    return tuple(int(value) for value in array.reshape(-1))


def constant_input(index: int, name: str) -> Constraint:
    """The constraint that an input is a constant of the model."""

    def constraint(signature: Signature) -> bool:
        return signature.constant(index) is not None

    constraint.__name__ = f"constant_{name.replace(' ', '_')}"
    constraint.__doc__ = f"The {name} is a constant of the model."
    return constraint


def axis_attribute(extra: int = 0) -> Constraint:
    """The constraint that the attribute ``axis`` lies in the first input's rank plus ``extra``."""

    def axis_in_range(signature: Signature) -> bool:
        rank = len(signature.input(0).shape) + extra
        return bool(-rank <= signature.attrs["axis"] < rank)

    axis_in_range.__doc__ = "The axis is one of the data's axes, counted from the front or from the back."
    return axis_in_range


@dataclass(frozen=True)
class View:
    """A strided view of a contiguous tensor, in elements: NumPy's basic indexing without the array."""

    extents: Shape
    strides: tuple[int, ...]
    offset: int = 0

    @staticmethod
    def of(shape: Shape) -> View:
        """The whole tensor."""
        return View(shape, strides(shape))

    def transposed(self, permutation: Sequence[int]) -> View:
        """The view with its axes in another order."""
        return replace(
            self,
            extents=tuple(self.extents[axis] for axis in permutation),
            strides=tuple(self.strides[axis] for axis in permutation),
        )

    def sliced(self, axis: int, start: int, extent: int, step: int = 1) -> View:
        """``extent`` indices of one axis, from ``start`` on, every ``step``-th."""
        extents, steps = list(self.extents), list(self.strides)
        offset = self.offset + start * steps[axis]
        extents[axis], steps[axis] = extent, steps[axis] * step
        return View(tuple(extents), tuple(steps), offset)

    def split(self, axis: int, inner: int) -> View:
        """One axis as two: its quotient and its remainder by ``inner``."""
        extents = (*self.extents[:axis], self.extents[axis] // inner, inner, *self.extents[axis + 1 :])
        step = self.strides[axis]
        steps = (*self.strides[:axis], step * inner, step, *self.strides[axis + 1 :])
        return View(extents, steps, self.offset)

    def repeated(self, axis: int, times: int) -> View:
        """A new axis in front of ``axis`` along which the view repeats."""
        extents = (*self.extents[:axis], times, *self.extents[axis:])
        return View(extents, (*self.strides[:axis], 0, *self.strides[axis:]), self.offset)

    def at(self, axis: int, index: int) -> View:
        """The view of one index of an axis, without that axis."""
        one = self.sliced(axis, index, 1)
        return View(
            (*one.extents[:axis], *one.extents[axis + 1 :]),
            (*one.strides[:axis], *one.strides[axis + 1 :]),
            one.offset,
        )


def move(source: View, target: View, *, source_input: int = 0, output: int = 0) -> Move:
    """The copy of one view to another of the same extents.

    Raises:
        ValueError: the extents differ.
    """
    if source.extents != target.extents:
        raise ValueError(f"a view of {source.extents} cannot be moved to one of {target.extents}")
    return Move(
        input=source_input,
        output=output,
        extents=source.extents,
        input_offset=source.offset,
        input_strides=source.strides,
        output_offset=target.offset,
        output_strides=target.strides,
    )
