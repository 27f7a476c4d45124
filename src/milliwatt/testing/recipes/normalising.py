# SPDX-License-Identifier: Apache-2.0
"""SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION, LAYER_NORM and RMS_NORM."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import AttrValue, DType, Quant
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe

_SOFTMAX = {DType.INT8: (2.0**-8, -128), DType.UINT8: (2.0**-8, 0), DType.INT16: (2.0**-15, 0)}
_WIDE = Quant((2.0**-16,), (-32768,))
"""Of int16 results on 8-bit data."""
_LOG_SOFTMAX = {DType.INT8: (2.0**-4, 127), DType.UINT8: (2.0**-4, 255)}
_L2_NORMALIZATION = {DType.INT8: (2.0**-7, 0), DType.UINT8: (2.0**-7, 128)}


def softmax(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any beta; from 8-bit data to int16 in one case of four."""
    attrs: dict[str, AttrValue] = {"beta": float(np.float32(build.choice([1.0, 1.0, 0.5, 2.3])))}
    narrow = dtype in (DType.INT8, DType.UINT8)
    output = DType.INT16 if narrow and build.random.random() < 0.25 else dtype
    data = build.value(dtype, rank=build.integer(1, 4))
    quant = Quant((2.0**-16,), (-32768,)) if output is not dtype else _quant(_SOFTMAX, output)
    return build.node("SOFTMAX", (data,), attrs=attrs, dtype=output, quant=quant)


def log_softmax(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any data."""
    data = build.value(dtype, rank=build.integer(1, 4))
    return build.node("LOG_SOFTMAX", (data,), dtype=dtype, quant=_quant(_LOG_SOFTMAX, dtype))


def l2_normalization(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any data."""
    data = build.value(dtype, rank=build.integer(1, 4))
    return build.node("L2_NORMALIZATION", (data,), dtype=dtype, quant=_quant(_L2_NORMALIZATION, dtype))


def layer_norm(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any axis, with and without scale and bias."""
    return _normalised(build, dtype, "LAYER_NORM", 2)


def rms_norm(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any axis, with and without a scale."""
    return _normalised(build, dtype, "RMS_NORM", 1)


def _normalised(build: GraphBuilder, dtype: DType, op: str, operands: int) -> tuple[str, ...]:
    """An epsilon that keeps rounding errors of rows that are almost constant from growing."""
    data = build.value(dtype, rank=build.integer(1, 4))
    shape = build.type_of(data).shape
    axis = build.integer(-len(shape), len(shape) - 1)
    optional = [build.weights(shape[axis % len(shape) :], dtype) for _ in range(operands)]
    inputs = [name if build.random.random() < 0.7 else None for name in optional]
    attrs: dict[str, AttrValue] = {"axis": axis, "epsilon": build.choice([0.5, 0.01])}
    return build.node(op, (data, *inputs), attrs=attrs, dtype=dtype)


def _quant(fixed: dict[DType, tuple[float, int]], dtype: DType) -> Quant | None:
    if dtype not in fixed:
        return None
    scale, zero_point = fixed[dtype]
    return Quant((scale,), (zero_point,))


RECIPES = (
    Recipe("LAYER_NORM", layer_norm, (DType.FLOAT32,)),
    Recipe("RMS_NORM", rms_norm, (DType.FLOAT32,)),
    Recipe("L2_NORMALIZATION", l2_normalization, (DType.INT8, DType.UINT8, DType.FLOAT32)),
    Recipe("LOG_SOFTMAX", log_softmax, (DType.INT8, DType.UINT8, DType.FLOAT32)),
    Recipe("SOFTMAX", softmax, (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)),
)
