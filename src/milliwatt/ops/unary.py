# SPDX-License-Identifier: Apache-2.0
"""What operators of one input and an output of the same shape share: shape and constraints."""

from __future__ import annotations

from milliwatt.ir import DType, Shape, TensorType
from milliwatt.ops.operator import Signature, TypeRow


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """The data's shape."""
    return (signature.input(0).shape,)


def same(*dtypes: DType) -> tuple[TypeRow, ...]:
    """One row per element type, with input and output of that type."""
    return tuple(TypeRow((dtype,), (dtype,)) for dtype in dtypes)


def quantised(signature: Signature) -> bool:
    """Quantised data and output have one scale and one zero point each."""
    return all(
        kind.dtype not in _QUANTISED or (kind.quant is not None and not kind.quant.per_channel)
        for kind in (signature.input(0), signature.outputs[0])
    )


def symmetric_16(signature: Signature) -> bool:
    """int16 data and output have zero point 0."""
    return all(
        kind.dtype is not DType.INT16 or kind.quant is None or kind.quant.scalar[1] == 0
        for kind in (signature.input(0), signature.outputs[0])
    )


def has_quant(kind: TensorType, scale: float, zero_point: int) -> bool:
    """Whether the type is quantised with this zero point and, to one part in a thousand, this scale."""
    if kind.quant is None or kind.quant.per_channel:
        return False
    found, found_zero = kind.quant.scalar
    return abs(found - scale) <= scale * 1e-3 and found_zero == zero_point


_QUANTISED = (DType.INT8, DType.UINT8, DType.INT16)
