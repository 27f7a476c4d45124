# SPDX-License-Identifier: Apache-2.0
"""Broadcasting as NumPy does it, and what operators with two inputs of one element type share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.activation_range import FUSABLE
from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]

MAX_RANK = 6
"""Dimensions that kernels walk. LiteRT's own kernels documented the same limit (BroadcastAdd6DSlow)."""

QUANTISED = (DType.INT8, DType.UINT8, DType.INT16)


def is_quantised(signature: Signature) -> bool:
    """Whether the inputs are of 8 or 16 bits, which stand for real numbers by scale and zero point."""
    return signature.input(0).dtype in QUANTISED


def broadcastable(signature: Signature) -> bool:
    """The inputs' shapes broadcast to one shape of at most six dimensions."""
    try:
        shape = np.broadcast_shapes(*(signature.input(index).shape for index in range(len(signature.inputs))))
    except ValueError:
        return False
    return len(shape) <= MAX_RANK


def broadcast_shape(signature: Signature) -> tuple[Shape, ...]:
    """The one shape that the inputs broadcast to."""
    shapes = (signature.input(index).shape for index in range(len(signature.inputs)))
    return (tuple(int(extent) for extent in np.broadcast_shapes(*shapes)),)


def activation(signature: Signature) -> bool:
    """The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6."""
    return signature.attrs["fused_activation_function"] in FUSABLE


def quantised(signature: Signature) -> bool:
    """int8, uint8 and int16 inputs and outputs have one scale each, and int16 zero points are 0."""
    kinds = (*(signature.input(index) for index in range(len(signature.inputs))), *signature.outputs)
    for kind in kinds:
        if kind.dtype not in QUANTISED:
            continue
        if kind.quant is None or kind.quant.per_channel:
            return False
        if kind.dtype is DType.INT16 and kind.quant.zero_point != (0,):
            return False
    return True


def has_divisors(signature: Signature) -> bool:
    """A constant integer divisor holds no zero."""
    divisor, kind = signature.constant(1), signature.input(1)
    if divisor is None or kind.dtype is DType.FLOAT32:
        return True
    zero_point = 0 if kind.quant is None or signature.op != "DIV" else kind.quant.zero_point[0]
    return not bool(np.any(divisor == zero_point))
