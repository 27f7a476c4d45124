# SPDX-License-Identifier: Apache-2.0
"""What EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL share.

8-bit inputs, and int16 ones of EQUAL and NOT_EQUAL, are brought to a common scale first, as in TFLite's
kernels/comparisons.cc. The other operators compare the stored int16 numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.ops.broadcast import broadcast_shape, broadcastable, quantised
from milliwatt.ops.fixed_point import doubling_high_multiply, quantize_multiplier, rounding_shift_right
from milliwatt.ops.operator import Call, Operator, Signature, TypeRow, as_output

Array = npt.NDArray[Any]

LEFT_SHIFT = 8
_EQUALITY = ("EQUAL", "NOT_EQUAL")


def rescales(signature: Signature) -> bool:
    """Whether the inputs are brought to a common scale before they are compared."""
    kind = signature.input(0).dtype
    return kind is DType.INT8 or (kind is DType.INT16 and signature.op in _EQUALITY)


def scales(signature: Signature) -> bool:
    """The scales of quantised inputs are less than 1."""
    if not rescales(signature):
        return True
    return all(quantize_multiplier(signature.quant(index)[0])[1] <= 0 for index in (0, 1))


def constants(signature: Signature, index: int) -> tuple[int, int, int]:
    """(offset, mantissa, exponent) of one input."""
    scale, zero_point = signature.quant(index)
    return (-zero_point, *quantize_multiplier(scale))


def rescaled(signature: Signature, index: int, values: Array) -> Array:
    """One input on the common scale; always rounded twice, whatever the contract."""
    offset, mantissa, exponent = constants(signature, index)
    high = doubling_high_multiply((values.astype(np.int64) + offset) << LEFT_SHIFT, mantissa)
    return rounding_shift_right(high, -exponent)


def comparison(name: str, sign: str, compare: Callable[[Array, Array], Array]) -> Operator:
    """The operator ``x sign y``, with the NumPy function that does it."""

    def evaluate(call: Call) -> tuple[Array, ...]:
        first, second = call.input(0), call.input(1)
        if rescales(call.signature):
            first, second = rescaled(call.signature, 0, first), rescaled(call.signature, 1, second)
        return (as_output(compare(first, second), call.signature),)

    kinds = [DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32]
    if name in _EQUALITY:
        kinds.append(DType.BOOL)
    return Operator(
        name=name,
        summary=f"Whether x {sign} y, element by element of two broadcast inputs.",
        types=tuple(TypeRow((kind, kind), (DType.BOOL,)) for kind in kinds),
        constraints=(broadcastable, quantised, scales),
        shapes=broadcast_shape,
        evaluate=evaluate,
    )
