# SPDX-License-Identifier: Apache-2.0
"""QUANTIZE, DEQUANTIZE and CAST."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import AttrValue, DType, Quant, TensorType
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe

_TARGETS = {
    DType.FLOAT32: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT8: (DType.INT8, DType.UINT8, DType.INT16),
    DType.UINT8: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT16: (DType.INT8, DType.INT16, DType.INT32),
    DType.INT32: (DType.INT8, DType.INT16),
}


def quantize(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """To any type that there is; to the same scale in one case of four, as converters do between int8 and uint8.

    Float data comes from the caller: what an operator computes may differ by an ulp, and so round differently.
    """
    if dtype is DType.FLOAT32:
        data = build.input(_float_type(build))
    elif dtype is DType.INT32:
        data = build.value(dtype, quant=_quant_32(build))
    else:
        data = build.value(dtype)
    target = build.choice(_TARGETS[dtype])
    quant = _quant_32(build) if target is DType.INT32 else build.quant(target)
    kind = build.type_of(data)
    if kind.quant is not None and quant is not None and build.random.random() < 0.25:
        shift = {DType.INT8: -128, DType.UINT8: 128}.get(target, 0) if dtype is not target else 0
        low, high = target.limits
        zero_point = min(max(kind.quant.zero_point[0] + shift, low), high)
        quant = Quant(kind.quant.scale, (0 if target is DType.INT16 else zero_point,))
    return build.node("QUANTIZE", (data,), dtype=target, quant=quant)


def dequantize(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any data."""
    return build.node("DEQUANTIZE", (build.value(dtype),), dtype=DType.FLOAT32)


def cast(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """To any type; float data comes from the caller, for the reason that `quantize` gives."""
    data = build.input(_float_type(build)) if dtype is DType.FLOAT32 else build.value(dtype)
    target = build.choice(list(DType))
    attrs: dict[str, AttrValue] = {"in_data_type": dtype.name, "out_data_type": target.name}
    # CAST looks at no scale, but what takes its result next may need one.
    return build.node("CAST", (data,), attrs=attrs, dtype=target, quant=build.quant(target))


def _float_type(build: GraphBuilder) -> TensorType:
    return TensorType(DType.FLOAT32, build.shape(build.integer(1, 4)))


def _quant_32(build: GraphBuilder) -> Quant:
    return Quant((float(np.float32(2.0 ** build.random.uniform(-20, -5))),), (build.integer(-5, 5),))


RECIPES = (
    Recipe("CAST", cast, tuple(DType)),
    Recipe("DEQUANTIZE", dequantize, (DType.INT8, DType.UINT8, DType.INT16)),
    Recipe("QUANTIZE", quantize, tuple(_TARGETS)),
)
