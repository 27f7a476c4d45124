# SPDX-License-Identifier: Apache-2.0
"""Layers on int8 that are a matrix times rows: FULLY_CONNECTED, and convolutions of one window per image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.fully_connected import filter_offset
from milliwatt.lower.site import Site
from milliwatt.ops import Signature
from milliwatt.ops.conv_2d import axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class MatrixLayer:
    """A matrix and the rows that it is multiplied with.

    Attributes:
        weights: int8 [units, depth].
        bias: int64 [units].
        rows: rows of inputs; their outputs lie one behind the other too.
    """

    weights: Array
    bias: Array
    rows: int


def matrix_layer(site: Site) -> MatrixLayer | None:
    """The matrix of a layer of int8 data with constant, symmetric weights and a constant bias; None for others."""
    signature = site.signature
    weights = signature.constant(1)
    if signature.input(0).dtype is not DType.INT8 or weights is None or filter_offset(site) != 0:
        return None
    if signature.has_input(2) and signature.constant(2) is None:
        return None
    matrix = weights if signature.op == "FULLY_CONNECTED" else _one_window(signature, weights)
    if matrix is None:
        return None
    units, depth = matrix.shape
    bias = signature.constant(2)
    start = np.zeros(units, np.int64) if bias is None else bias.reshape(-1).astype(np.int64)
    return MatrixLayer(matrix, start, signature.input(0).size // depth)


def covering_taps(axis: Axis) -> slice | None:
    """The taps of the only window along an axis that lie inside, where they are all inputs one by one; or None."""
    if axis.output != 1 or (axis.dilation != 1 and axis.window > 1):
        return None
    if axis.before < 0 or axis.window - axis.before < axis.input:
        return None
    return slice(axis.before, axis.before + axis.input)


def _one_window(signature: Signature, weights: Array) -> Array | None:
    """The filters of a convolution as rows of the matrix, without taps on padding, which add nothing."""
    rows, columns = axes(signature)
    down, across = covering_taps(rows), covering_taps(columns)
    grouped = weights.shape[3] != signature.input(0).shape[3]
    if down is None or across is None or grouped:
        return None
    return weights[:, down, across].reshape(len(weights), -1)
