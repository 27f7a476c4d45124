# SPDX-License-Identifier: Apache-2.0
"""Integer forms of the operators with weights: where weights and biases stand, and their integers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.quantised.draft import Draft
from milliwatt.importers.quantised.numbers import dequantised
from milliwatt.ir import DType, Node, Quant, TensorType

Array = npt.NDArray[Any]

BIASES = {
    "CONV_2D": (0, 1, 2, 0),
    "DEPTHWISE_CONV_2D": (0, 1, 2, 3),
    "FULLY_CONNECTED": (0, 1, 2, 0),
    "TRANSPOSE_CONV": (2, 1, 3, 0),
}
"""Places of data, weights and bias among the inputs, and the weights' axis of output channels."""


def with_weights(draft: Draft, node: Node, output: TensorType) -> Node | None:
    """The node on integer data, weights and bias; None where one of them is not there as integers.

    The bias becomes int32 (int64 for int16 data) with the scale of the data times that of the weights.
    """
    at_data, at_weights, at_bias, axis = BIASES[node.op]
    data, weights = (draft.dequantised(node.inputs[place]) for place in (at_data, at_weights))
    if data is None or weights is None or draft.constant_of(weights) is None:
        return None
    kind, filters = draft.type_of(data), draft.type_of(weights)
    if (
        kind.quant is None
        or filters.quant is None
        or kind.quant.per_channel
        or output.dtype is not kind.dtype
    ):
        return None
    inputs = list(node.inputs)
    inputs[at_data], inputs[at_weights] = data, weights
    name = node.inputs[at_bias] if len(node.inputs) > at_bias else None
    if name is not None:
        real = _real(draft, name)
        if real is None:
            return None
        found = _bias(draft, name, real, kind, filters.quant, channels=filters.shape[axis])
        if found is None:
            return None
        inputs[at_bias] = found
    return replace(node, inputs=tuple(inputs))


def _real(draft: Draft, name: str) -> Array | None:
    """The numbers of a constant, or of a DEQUANTIZE of one."""
    array = draft.constant_of(name)
    if array is not None:
        return array
    integers = draft.dequantised(name)
    array = draft.constant_of(integers)
    quant = None if integers is None else draft.type_of(integers).quant
    return None if array is None or quant is None else dequantised(array, quant)


def _bias(
    draft: Draft, name: str, real: Array, data: TensorType, weights: Quant, *, channels: int
) -> str | None:
    assert data.quant is not None
    if real.size != channels:
        return None
    with np.errstate(all="ignore"):
        scale = np.float32(data.quant.scale[0]) * np.asarray(weights.scale, np.float32)
        steps = np.rint(real.reshape(-1).astype(np.float64) / scale.astype(np.float64))
    dtype = DType.INT64 if data.dtype is DType.INT16 else DType.INT32
    if not (np.isfinite(scale).all() and (scale > 0).all() and (np.abs(steps) < 2**31 - 1).all()):
        return None
    axis = 0 if weights.per_channel else None
    quant = Quant(tuple(scale.tolist()), (0,) * len(scale), axis)
    return draft.constant(f"{name}.integers", steps.astype(dtype.numpy), quant)
