# SPDX-License-Identifier: Apache-2.0
"""What ARG_MAX and ARG_MIN share (TFLite kernels/arg_min_max.cc)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Attribute, Call, Operator, Signature, TypeRow, as_output

Array = npt.NDArray[Any]


def constant_axis(signature: Signature) -> bool:
    """The axis is one constant number, a dimension of the data."""
    array, dims = signature.constant(1), len(signature.input(0).shape)
    return array is not None and array.size == 1 and -dims <= int(array.reshape(-1)[0]) < dims


def output_type(signature: Signature) -> bool:
    """The indices have the element type that the attribute output_type names."""
    return bool(signature.outputs[0].dtype.value.upper() == signature.attrs["output_type"])


def axis_of(signature: Signature) -> int:
    """The dimension that is searched, not negative."""
    array = signature.constant(1)
    if array is None:
        raise ValueError("the axis is not constant")
    return int(array.reshape(-1)[0]) % len(signature.input(0).shape)


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape without the searched dimension."""
    axis = axis_of(signature)
    shape = signature.input(0).shape
    return ((*shape[:axis], *shape[axis + 1 :]),)


def first_extreme(values: Array, better: Callable[[Array, Array], Array]) -> Array:
    """Index along the first axis of the first best element; NaN is better than nothing."""
    best, index = values[0].copy(), np.zeros(values.shape[1:], np.int64)
    for position in range(1, len(values)):
        found = better(values[position], best)
        best, index = np.where(found, values[position], best), np.where(found, position, index)
    return index


def arg_extreme(name: str, word: str, better: Callable[[Array, Array], Array]) -> Operator:
    """The operator that searches for the extreme element by a comparison."""

    def evaluate(call: Call) -> tuple[Array, ...]:
        values = np.moveaxis(call.input(0), axis_of(call.signature), 0)
        return (as_output(first_extreme(values, better), call.signature),)

    kinds = (DType.INT8, DType.UINT8, DType.INT32, DType.FLOAT32, DType.BOOL)
    indices = (DType.INT32, DType.INT64)
    return Operator(
        name=name,
        summary=f"The index of the first {word} element along a dimension.",
        attributes={"output_type": Attribute("enum", "INT64", enum="TensorType")},
        types=tuple(TypeRow((kind, indices), (index,)) for kind in kinds for index in indices),
        constraints=(constant_axis, output_type),
        shapes=shapes,
        evaluate=evaluate,
    )
