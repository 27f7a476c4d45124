# SPDX-License-Identifier: Apache-2.0
"""Operators of one input whose output has its shape: activations, roots, exponentials, rounding."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import AttrValue, DType, Quant
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Make, Recipe

INT8, UINT8, INT16 = DType.INT8, DType.UINT8, DType.INT16
INT32, INT64, FLOAT32 = DType.INT32, DType.INT64, DType.FLOAT32

# LiteRT wraps results beyond int32, where milliwatt saturates: exponentials stay below that.
_LARGEST_EXPONENT = 10.0

_FIXED_OUTPUT = {
    ("LOGISTIC", INT8): (2.0**-8, -128),
    ("LOGISTIC", UINT8): (2.0**-8, 0),
    ("LOGISTIC", INT16): (2.0**-15, 0),
    ("TANH", INT16): (2.0**-15, 0),
}


def unary(op: str) -> Make:
    """A recipe's function for an operator that takes any data."""

    def make(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
        return build.node(op, (build.value(dtype),), dtype=dtype, quant=output_quant(build, op, dtype))

    return make


def output_quant(build: GraphBuilder, op: str, dtype: DType) -> Quant | None:
    """The quantisation that the operator asks for, or a random one."""
    if (op, dtype) in _FIXED_OUTPUT:
        scale, zero_point = _FIXED_OUTPUT[op, dtype]
        return Quant((scale,), (zero_point,))
    return build.quant(dtype)


def exp(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Quantised data of a range whose exponentials fit the output."""
    if dtype is FLOAT32:
        return build.node("EXP", (build.value(dtype),), dtype=dtype)
    low, high = dtype.limits
    scale = float(np.float32(_LARGEST_EXPONENT / (high - low) * build.random.uniform(0.01, 1)))
    zero_point = 0 if dtype is INT16 else build.integer(low, high)
    data = build.value(dtype, quant=Quant((scale,), (zero_point,)))
    output = Quant((float(np.float32(2.0 ** build.random.uniform(-5, 1))),), (zero_point,))
    return build.node("EXP", (data,), dtype=dtype, quant=output)


def nonnegative(op: str) -> Make:
    """A recipe's function for an operator that LiteRT runs on data at or above zero only: on absolute values."""

    def make(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
        # The lowest integer as zero point: nothing lies below it.
        quant = None if dtype is FLOAT32 else build.quant(dtype)
        if dtype is INT8 and quant is not None:
            quant = Quant(quant.scale, (-128,))
        (data,) = build.node("ABS", (build.value(dtype),), dtype=dtype, quant=quant)
        return build.node(op, (data,), dtype=dtype, quant=build.quant(dtype))

    return make


def leaky_relu(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any slope, also above 1 and below 0."""
    alpha = float(np.float32(build.choice([0.0, 0.01, 0.1, 0.3, 1.5, -0.2])))
    attrs: dict[str, AttrValue] = {"alpha": alpha}
    data = build.value(dtype)
    return build.node("LEAKY_RELU", (data,), attrs=attrs, dtype=dtype, quant=build.quant(dtype))


def gelu(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Both forms."""
    attrs: dict[str, AttrValue] = {"approximate": bool(build.integer(0, 1))}
    return build.node("GELU", (build.value(dtype),), attrs=attrs, dtype=dtype, quant=build.quant(dtype))


def hard_sigmoid(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """The slopes of Keras, PyTorch and any other."""
    slope = build.choice([0.2, 1 / 6, -0.3])
    attrs: dict[str, AttrValue] = {"alpha": float(np.float32(slope)), "beta": 0.5}
    return build.node(
        "HARD_SIGMOID", (build.value(dtype),), attrs=attrs, dtype=dtype, quant=build.quant(dtype)
    )


def hard_swish(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """An output scale of at least a 64th of the input's, as TFLite asks for."""
    data = build.value(dtype)
    quant = build.quant(dtype)
    kind = build.type_of(data)
    if quant is not None and kind.quant is not None:
        ratio = 2.0 ** build.random.uniform(-6, 6)
        quant = Quant((float(np.float32(kind.quant.scale[0] * ratio)),), quant.zero_point)
    return build.node("HARD_SWISH", (data,), dtype=dtype, quant=quant)


def logical_not(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Of a boolean."""
    return build.node("LOGICAL_NOT", (build.value(dtype),), dtype=dtype)


RECIPES = (
    Recipe("ABS", unary("ABS"), (INT8, INT16, INT32, FLOAT32)),
    Recipe("CEIL", unary("CEIL"), (FLOAT32,)),
    Recipe("ELU", unary("ELU"), (INT8, FLOAT32)),
    Recipe("ERF", unary("ERF"), (INT8, UINT8, FLOAT32)),
    Recipe("EXP", exp, (INT8, INT16, FLOAT32)),
    Recipe("FLOOR", unary("FLOOR"), (FLOAT32,)),
    Recipe("GELU", gelu, (INT8, UINT8, INT16, FLOAT32)),
    Recipe("HARD_SIGMOID", hard_sigmoid, (INT8, UINT8, FLOAT32)),
    Recipe("HARD_SWISH", hard_swish, (INT8, UINT8, FLOAT32)),
    Recipe("LEAKY_RELU", leaky_relu, (INT8, UINT8, INT16, FLOAT32)),
    Recipe("LOG", nonnegative("LOG"), (INT8, INT16, FLOAT32)),
    Recipe("LOGICAL_NOT", logical_not, (DType.BOOL,)),
    Recipe("LOGISTIC", unary("LOGISTIC"), (INT8, UINT8, INT16, FLOAT32)),
    Recipe("NEG", unary("NEG"), (INT8, INT16, INT32, INT64, FLOAT32)),
    Recipe("RELU", unary("RELU"), (INT8, UINT8, INT16, FLOAT32)),
    Recipe("RELU6", unary("RELU6"), (INT8, UINT8, INT16, FLOAT32)),
    Recipe("RELU_0_TO_1", unary("RELU_0_TO_1"), (INT8, UINT8, FLOAT32)),
    Recipe("RELU_N1_TO_1", unary("RELU_N1_TO_1"), (INT8, UINT8, FLOAT32)),
    Recipe("ROUND", unary("ROUND"), (FLOAT32,)),
    Recipe("RSQRT", nonnegative("RSQRT"), (INT8, INT16, FLOAT32)),
    Recipe("SILU", unary("SILU"), (INT8, UINT8, FLOAT32)),
    Recipe("SQRT", nonnegative("SQRT"), (INT8, INT16, FLOAT32)),
    Recipe("SQUARE", unary("SQUARE"), (FLOAT32,)),
    Recipe("TANH", unary("TANH"), (INT8, UINT8, INT16, FLOAT32)),
)
