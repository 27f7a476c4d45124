# SPDX-License-Identifier: Apache-2.0
"""The freedom of a node: which orders of its axes in memory give the same result, and the node in another order.

An *order* of a value is the sequence of its dimensions of more than one element, slowest first, as they lie in
memory. Dimensions of one element have no place in it: moving them moves no byte. A node that does not care for the
order walks over *axes*; each dimension of its operands is part of one axis, and an order of the axes gives an order
of each operand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from milliwatt.ir import AttrValue, Shape

Array = npt.NDArray[Any]
Order = tuple[int, ...]
Permutation = tuple[int, ...]
"""For each new position the axis that stands there."""


def plain_order(shape: Shape) -> Order:
    """The row-major order of a shape."""
    return tuple(dimension for dimension, extent in enumerate(shape) if extent > 1)


def whole_permutation(order: Order, rank: int) -> Permutation:
    """All axes in an order: those of one element stay where they are, the others fill what is left."""
    moved = iter(order)
    return tuple(next(moved) if axis in set(order) else axis for axis in range(rank))


@dataclass(frozen=True)
class Operand:
    """How the dimensions of an input or output belong to the axes.

    Attributes:
        shape: the value's shape.
        axes: the axis of each dimension; several dimensions of one axis stay together, in this order.
        padded: whether an axis without a dimension becomes a dimension of one element, as broadcasting wants it.
    """

    shape: Shape
    axes: tuple[int, ...]
    padded: bool = False

    def order(self, axes: Order) -> Order:
        """The value's order when the axes have this order."""
        return tuple(
            dimension
            for axis in axes
            for dimension, of_axis in enumerate(self.axes)
            if of_axis == axis and self.shape[dimension] > 1
        )

    def placed(self, permutation: Permutation) -> Shape:
        """The value's shape when the axes stand like this."""
        shape: list[int] = []
        for axis in permutation:
            extents = [
                extent for extent, of_axis in zip(self.shape, self.axes, strict=True) if of_axis == axis
            ]
            shape.extend(extents or ([1] if self.padded else []))
        return tuple(shape)


@dataclass(frozen=True)
class Parts:
    """What changes in a node whose axes stand in another order: attributes, and constant inputs by index."""

    attrs: Mapping[str, AttrValue] = field(default_factory=dict)
    constants: Mapping[int, Array] = field(default_factory=dict)


def _nothing(_: Permutation) -> Parts:
    return Parts()


def _any_order(_: Order) -> bool:
    return True


@dataclass(frozen=True)
class Freedom:
    """The orders of axes in which a node can work.

    Attributes:
        rank: the number of axes.
        inputs, outputs: the operands that follow the axes, by index; others stay as they are.
        parts: what changes in the node for a permutation of its axes.
        admits: whether the node can work in an order; the order it was written in is always possible.
        view: the output is the input's bytes whatever the order: RESHAPE and TRANSPOSE.
        source: the value that is read in place of input 0, seen through reshapes, or "".
    """

    rank: int
    inputs: Mapping[int, Operand]
    outputs: Mapping[int, Operand]
    parts: Callable[[Permutation], Parts] = _nothing
    admits: Callable[[Order], bool] = _any_order
    view: bool = False
    source: str = ""

    @property
    def plain(self) -> Order:
        """The axes in the order in which the node was written."""
        long = {
            axis
            for operand in (*self.inputs.values(), *self.outputs.values())
            for axis, extent in zip(operand.axes, operand.shape, strict=True)
            if extent > 1
        }
        return tuple(sorted(long))

    def lifted(self, operand: Operand, order: Order) -> Order | None:
        """The order of the axes in which an operand has this order; None if there is none, or more than one."""
        axes: list[int] = []
        for dimension in order:
            axis = operand.axes[dimension]
            if not axes or axes[-1] != axis:
                axes.append(axis)
        found = tuple(axes)
        if tuple(sorted(found)) != self.plain or operand.order(found) != order or not self.admits(found):
            return None
        return found


def blocks(source: Shape, target: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The smallest groups of neighbouring dimensions that a reshape turns into one another.

    Returns:
        The group of each dimension of either shape; a dimension of one element is put into the group before it.
    """
    ends_source, ends_target = (_products(shape) for shape in (source, target))
    common = sorted({*ends_source} & {*ends_target} | {math.prod(source)})
    return (
        tuple(_group(common, product) for product in ends_source),
        tuple(_group(common, product) for product in ends_target),
    )


def _products(shape: Shape) -> tuple[int, ...]:
    """The elements up to and with each dimension."""
    return tuple(math.prod(shape[: dimension + 1]) for dimension in range(len(shape)))


def _group(common: list[int], product: int) -> int:
    return next(index for index, end in enumerate(common) if product <= end)
