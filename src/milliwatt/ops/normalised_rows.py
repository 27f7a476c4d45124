# SPDX-License-Identifier: Apache-2.0
"""What LAYER_NORM and RMS_NORM share: rows from an axis on, scaled to unit variance or mean square."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.float_functions import sqrt
from milliwatt.ops.operator import Attribute, Call, Signature
from milliwatt.ops.rows import sequential_sum

Array = npt.NDArray[Any]

ATTRIBUTES = {"axis": Attribute("int", -1), "epsilon": Attribute("float", 1e-5)}


def axis_of_data(signature: Signature) -> bool:
    """The axis is a dimension of the data."""
    dims = len(signature.input(0).shape)
    return bool(-dims <= signature.attrs["axis"] < dims)


def one_per_element(signature: Signature) -> bool:
    """Scale and bias have as many elements as a row: the data's dimensions from the axis on."""
    given = [index for index in range(1, len(signature.inputs)) if signature.has_input(index)]
    return all(signature.input(index).size == depth(signature) for index in given)


def positive_epsilon(signature: Signature) -> bool:
    """The epsilon is finite and not negative."""
    epsilon = float(signature.attrs["epsilon"])
    return math.isfinite(epsilon) and epsilon >= 0.0


CONSTRAINTS = (axis_of_data, one_per_element, positive_epsilon)


def depth(signature: Signature) -> int:
    """Elements of a row."""
    shape = signature.input(0).shape
    return math.prod(shape[signature.attrs["axis"] % len(shape) :])


def normalised(call: Call, rows: Array) -> Array:
    """float32 rows [rows, depth] times the inverse root of the mean of their squares plus epsilon, times the scale
    (input 1) and plus the bias (input 2) where they are given. The C kernel does the same operations in order.
    """
    count, epsilon = np.float32(rows.shape[1]), np.float32(call.signature.attrs["epsilon"])
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        result: Array = rows * (np.float32(1) / sqrt(sequential_sum(rows * rows) / count + epsilon))
        for index, apply in ((1, np.multiply), (2, np.add)):
            operand = call.inputs[index] if len(call.inputs) > index else None
            if operand is not None:
                result = apply(result, operand.reshape(-1))
    return result
