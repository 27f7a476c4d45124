# SPDX-License-Identifier: Apache-2.0
"""Every constraint of convolutions, matrix products and pools is broken once, and names what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from milliwatt.errors import UnsupportedError
from milliwatt.ir import DType, Graph, Node, Quant, Shape, TensorType
from milliwatt.ops import find
from milliwatt.ops.check import check

DATA, PER_TENSOR, OUTPUT = Quant((0.5,), (3,)), Quant((0.01,), (0,)), Quant((0.25,), (-4,))


def int8(*shape: int, quant: Quant | None = DATA) -> TensorType:
    return TensorType(DType.INT8, shape, quant)


def int16(*shape: int, quant: Quant | None) -> TensorType:
    return TensorType(DType.INT16, shape, quant)


def bias(count: int, dtype: DType = DType.INT32) -> TensorType:
    return TensorType(dtype, (count,), None)


SIZE_4 = TensorType(DType.INT32, (4,))
STEPS = {"stride_h": 1, "stride_w": 1}
SYMMETRIC = Quant((0.5,), (0,))


@dataclass(frozen=True)
class Use:
    """A valid use of an operator, and constants of it by the index of the input."""

    op: str
    inputs: Sequence[TensorType]
    output: TensorType
    attrs: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[int, Any] = field(default_factory=dict)

    def graph(self) -> Graph:
        names = [f"input_{index}" for index in range(len(self.inputs))]
        values = dict(zip(names, self.inputs, strict=True)) | {"output": self.output}
        arrays = {
            names[index]: np.asarray(array, self.inputs[index].dtype.numpy)
            for index, array in self.constants.items()
        }
        node = Node(self.op, tuple(names), ("output",), self.attrs)
        inputs = tuple(name for name in names if name not in arrays)
        return Graph("one", values, arrays, inputs, ("output",), (node,))

    def with_input(self, index: int, kind: TensorType) -> Use:
        inputs = list(self.inputs)
        inputs[index] = kind
        return replace(self, inputs=inputs)

    def with_weights(self, kind: TensorType) -> Use:
        """Constant weights: only they may be quantised per channel."""
        return replace(self.with_input(1, kind), constants={**self.constants, 1: np.ones(kind.shape)})

    def with_attrs(self, **attrs: Any) -> Use:
        return replace(self, attrs={**self.attrs, **attrs})


CONV = Use(
    "CONV_2D", (int8(1, 5, 5, 4), int8(6, 3, 3, 4, quant=PER_TENSOR), bias(6)), int8(1, 5, 5, 6, quant=OUTPUT)
)
DEPTHWISE = Use(
    "DEPTHWISE_CONV_2D",
    (int8(1, 5, 5, 4), int8(1, 3, 3, 8, quant=PER_TENSOR), bias(8)),
    int8(1, 5, 5, 8, quant=OUTPUT),
)
TRANSPOSE = Use(
    "TRANSPOSE_CONV",
    (SIZE_4, int8(6, 3, 3, 4, quant=PER_TENSOR), int8(1, 5, 5, 4), bias(6)),
    int8(1, 5, 5, 6, quant=OUTPUT),
    constants={0: [1, 5, 5, 6]},
)
DENSE = Use("FULLY_CONNECTED", (int8(2, 4), int8(3, 4, quant=PER_TENSOR), bias(3)), int8(2, 3, quant=OUTPUT))
MATMUL = Use("BATCH_MATMUL", (int8(2, 3, 4), int8(2, 4, 5)), int8(2, 3, 5, quant=OUTPUT))
POOL = Use("AVERAGE_POOL_2D", (int8(1, 4, 4, 2),), int8(1, 4, 4, 2), {"filter_height": 2, "filter_width": 2})
LARGEST = replace(POOL, op="MAX_POOL_2D")


def wide(use: Use, data: int, *, output: Quant = SYMMETRIC, inputs: Quant = SYMMETRIC) -> Use:
    """The same use on 16-bit data."""
    kinds = list(use.inputs)
    kinds[data] = int16(*kinds[data].shape, quant=inputs)
    if use.op == "BATCH_MATMUL":
        kinds[1] = int16(*kinds[1].shape, quant=inputs)
    elif len(kinds) > 1:
        kinds[-1] = TensorType(DType.INT64, kinds[-1].shape)
    return replace(use, inputs=kinds, output=int16(*use.output.shape, quant=output))


def per_channel(shape: Shape, axis: int, *, zero_point: int = 0, count: int | None = None) -> TensorType:
    number = shape[axis] if count is None else count
    return int8(*shape, quant=Quant((0.01,) * number, (zero_point,) * number, axis))


def legacy(use: Use, weights: Quant) -> Use:
    """The same use on uint8 data with a constant uint8 filter."""
    kinds = [replace(kind, dtype=DType.UINT8) if kind.dtype is DType.INT8 else kind for kind in use.inputs]
    output = replace(use.output, dtype=DType.UINT8, quant=DATA)
    kinds[1] = replace(kinds[1], quant=weights)
    return replace(use, inputs=kinds, output=output, constants={1: np.ones(kinds[1].shape)})


SHIFTED = Quant((0.01,), (151,))
TINY = Quant((2.0**-20,), (0,))
HUGE = Quant((1024.0,), (0,))

VALID: dict[str, Use] = {
    "CONV_2D": CONV,
    "DEPTHWISE_CONV_2D": DEPTHWISE,
    "TRANSPOSE_CONV": TRANSPOSE,
    "FULLY_CONNECTED": DENSE,
    "BATCH_MATMUL": MATMUL,
    "AVERAGE_POOL_2D": POOL,
    "MAX_POOL_2D": LARGEST,
    "CONV_2D of uint8": legacy(CONV, SHIFTED),
    "DEPTHWISE_CONV_2D of uint8": legacy(DEPTHWISE, SHIFTED),
    "FULLY_CONNECTED of uint8": legacy(DENSE, SHIFTED),
    "CONV_2D of 16 bits": wide(CONV, 0),
    "DEPTHWISE_CONV_2D of 16 bits": wide(DEPTHWISE, 0),
    "TRANSPOSE_CONV of 16 bits": wide(TRANSPOSE, 2),
    "FULLY_CONNECTED of 16 bits": wide(DENSE, 0),
    "BATCH_MATMUL of 16 bits": wide(MATMUL, 0),
}

BROKEN: dict[str, Use] = {
    "CONV_2D ranks": CONV.with_input(0, int8(5, 5, 4)),
    "CONV_2D channel_groups": CONV.with_input(0, int8(1, 5, 5, 6)),
    "CONV_2D steps": CONV.with_attrs(stride_w=0),
    "CONV_2D steps, span": CONV.with_attrs(dilation_h_factor=1 << 24),
    "CONV_2D activation": CONV.with_attrs(fused_activation_function="TANH"),
    "CONV_2D bias_length": CONV.with_input(2, bias(5)),
    "CONV_2D quantised, no scale": CONV.with_input(0, int8(1, 5, 5, 4, quant=None)),
    "CONV_2D quantised, zero point": CONV.with_input(1, int8(6, 3, 3, 4, quant=Quant((0.01,), (1,)))),
    "CONV_2D quantised, axis": CONV.with_weights(per_channel((6, 3, 3, 4), 1)),
    "CONV_2D quantised, uint8 per channel": legacy(CONV, Quant((0.01,) * 6, (0,) * 6, 0)),
    "CONV_2D symmetric": wide(CONV, 0, inputs=Quant((0.5,), (1,))),
    "CONV_2D wide_scale": wide(CONV, 0, inputs=HUGE, output=TINY),
    "DEPTHWISE_CONV_2D ranks": DEPTHWISE.with_input(1, int8(2, 3, 3, 8, quant=PER_TENSOR)),
    "DEPTHWISE_CONV_2D multiplier": DEPTHWISE.with_input(0, int8(1, 5, 5, 3)),
    "DEPTHWISE_CONV_2D steps": DEPTHWISE.with_attrs(dilation_w_factor=0),
    "DEPTHWISE_CONV_2D activation": DEPTHWISE.with_attrs(fused_activation_function="SIGN_BIT"),
    "DEPTHWISE_CONV_2D bias_length": DEPTHWISE.with_input(2, bias(4)),
    "DEPTHWISE_CONV_2D quantised": DEPTHWISE.with_weights(per_channel((1, 3, 3, 8), 1)),
    "DEPTHWISE_CONV_2D quantised, uint8 per channel": legacy(DEPTHWISE, Quant((0.01,) * 8, (0,) * 8, 3)),
    "DEPTHWISE_CONV_2D symmetric": wide(DEPTHWISE, 0, output=Quant((0.5,), (2,))),
    "DEPTHWISE_CONV_2D wide_scale": wide(DEPTHWISE, 0, inputs=HUGE, output=TINY),
    "TRANSPOSE_CONV ranks": TRANSPOSE.with_input(2, int8(1, 5, 5, 3)),
    "TRANSPOSE_CONV output_shape": replace(TRANSPOSE, constants={0: [1, 5, 5, 7]}),
    "TRANSPOSE_CONV output_shape, negative": replace(TRANSPOSE, constants={0: [1, -5, -5, 6]}),
    "TRANSPOSE_CONV output_shape, computed": replace(TRANSPOSE, constants={}),
    "TRANSPOSE_CONV steps": TRANSPOSE.with_attrs(stride_h=-1),
    "TRANSPOSE_CONV activation": TRANSPOSE.with_attrs(fused_activation_function="TANH"),
    "TRANSPOSE_CONV bias_length": TRANSPOSE.with_input(3, bias(1)),
    "TRANSPOSE_CONV quantised": TRANSPOSE.with_weights(per_channel((6, 3, 3, 4), 3)),
    "TRANSPOSE_CONV symmetric": wide(TRANSPOSE, 2, inputs=Quant((0.5,), (1,))),
    "TRANSPOSE_CONV fits_wide": wide(TRANSPOSE, 2, inputs=HUGE, output=TINY),
    "FULLY_CONNECTED depth": DENSE.with_input(0, int8(2, 5)),
    "FULLY_CONNECTED dims": replace(DENSE.with_input(0, int8(4, 2)), attrs={"keep_num_dims": True}),
    "FULLY_CONNECTED activation": DENSE.with_attrs(fused_activation_function="TANH"),
    "FULLY_CONNECTED plain_weights": DENSE.with_attrs(weights_format="SHUFFLED4x16INT8"),
    "FULLY_CONNECTED bias_length": DENSE.with_input(2, bias(2)),
    "FULLY_CONNECTED quantised": DENSE.with_weights(per_channel((3, 4), 0, zero_point=1)),
    "FULLY_CONNECTED quantised, uint8 per unit": legacy(DENSE, Quant((0.01,) * 3, (0,) * 3, 0)),
    "FULLY_CONNECTED symmetric": wide(DENSE, 0, inputs=Quant((0.5,), (1,))),
    "FULLY_CONNECTED wide_scale": wide(DENSE, 0, inputs=HUGE, output=TINY),
    "BATCH_MATMUL ranks": replace(MATMUL, inputs=(int8(4), int8(4, 5))),
    "BATCH_MATMUL batches": MATMUL.with_input(1, int8(3, 4, 5)),
    "BATCH_MATMUL depth": MATMUL.with_attrs(adj_y=True),
    "BATCH_MATMUL quantised": MATMUL.with_weights(per_channel((2, 4, 5), 2)),
    "BATCH_MATMUL symmetric": wide(MATMUL, 0, inputs=Quant((0.5,), (1,))),
    "BATCH_MATMUL wide_scale": wide(MATMUL, 0, inputs=HUGE, output=TINY),
    "AVERAGE_POOL_2D rank": POOL.with_input(0, int8(4, 4, 2)),
    "AVERAGE_POOL_2D steps": POOL.with_attrs(filter_height=0),
    "AVERAGE_POOL_2D activation": POOL.with_attrs(fused_activation_function="TANH"),
    "AVERAGE_POOL_2D same_quantisation": replace(POOL, output=int8(1, 4, 4, 2, quant=OUTPUT)),
    "AVERAGE_POOL_2D windows_inside": POOL.with_attrs(explicit_padding=(3, 0, 0, 0)),
    "MAX_POOL_2D rank": LARGEST.with_input(0, int8(4, 4, 2)),
    "MAX_POOL_2D steps": LARGEST.with_attrs(stride_h=0),
    "MAX_POOL_2D activation": LARGEST.with_attrs(fused_activation_function="TANH"),
    "MAX_POOL_2D same_quantisation": replace(LARGEST, output=int8(1, 4, 4, 2, quant=OUTPUT)),
    "MAX_POOL_2D windows_inside": LARGEST.with_attrs(explicit_padding=(3, 0, 0, 0)),
}


@pytest.mark.parametrize("name", VALID)
def test_the_valid_use_is_accepted(name: str) -> None:
    check(VALID[name].graph())


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_constraint_is_named(name: str) -> None:
    op, predicate = name.split(",")[0].split()
    constraints = [constraint.__name__ for constraint in find(op).constraints]
    number = constraints.index(predicate) + 1
    with pytest.raises(UnsupportedError, match=rf"^{op} C{number}: "):
        check(BROKEN[name].graph())


@pytest.mark.parametrize("op", sorted({name.split()[0] for name in BROKEN}))
def test_every_constraint_is_broken_here(op: str) -> None:
    names = {name.split(",")[0].split()[1] for name in BROKEN if name.split()[0] == op}
    assert names == {constraint.__name__ for constraint in find(op).constraints}
