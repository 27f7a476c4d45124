# SPDX-License-Identifier: Apache-2.0
"""SOFTMAX, LOG_SOFTMAX and L2_NORMALIZATION."""

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


def _quant(fixed: dict[DType, tuple[float, int]], dtype: DType) -> Quant | None:
    if dtype not in fixed:
        return None
    scale, zero_point = fixed[dtype]
    return Quant((scale,), (zero_point,))


RECIPES = (
    Recipe("L2_NORMALIZATION", l2_normalization, (DType.INT8, DType.UINT8, DType.FLOAT32)),
    Recipe("LOG_SOFTMAX", log_softmax, (DType.INT8, DType.UINT8, DType.FLOAT32)),
    Recipe("SOFTMAX", softmax, (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)),
)
