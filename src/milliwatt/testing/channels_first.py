# SPDX-License-Identifier: Apache-2.0
"""Builds graphs as importers of channels-first frameworks do: a TRANSPOSE on either side of every image operator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from milliwatt.ir import AttrValue, DType, Quant, Shape, TensorType
from milliwatt.testing.builder import GraphBuilder

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""NCHW to NHWC, and back."""


class ChannelsFirst:
    """Layers on NCHW values of one element type.

    Args:
        build: what the nodes are added to.
        dtype: FLOAT32 or INT8.
    """

    def __init__(self, build: GraphBuilder, dtype: DType = DType.FLOAT32) -> None:
        self.build = build
        self.dtype = dtype

    @property
    def quant(self) -> Quant | None:
        """The quantisation of all activations."""
        return Quant((0.0625,), (3,)) if self.dtype is DType.INT8 else None

    def image(self, shape: Shape) -> str:
        """A graph input."""
        return self.build.input(TensorType(self.dtype, shape, self.quant))

    def op(self, name: str, inputs: Sequence[str | None], **attrs: AttrValue) -> str:
        """Any operator of one output, of the element type and quantisation of all."""
        return self.build.node(name, inputs, attrs=attrs, dtype=self.dtype, quant=self.quant)[0]

    def integers(self, values: Sequence[int] | Sequence[Sequence[int]]) -> str:
        """A constant of int32."""
        return self.build.constant(np.array(values, np.int32))

    def transpose(self, value: str, axes: Sequence[int]) -> str:
        """Axes in another order, of any element type."""
        kind = self.build.type_of(value)
        order = self.integers(tuple(axes))
        return self.build.node("TRANSPOSE", (value, order), dtype=kind.dtype, quant=kind.quant)[0]

    def conv(self, value: str, out: int, *, window: int = 3, stride: int = 1, depthwise: bool = False) -> str:
        """A convolution without activation, transposes around it."""
        channels = self.build.type_of(value).shape[1]
        shape = (1, window, window, channels) if depthwise else (out, window, window, channels)
        axis = 3 if depthwise else 0
        filters = self.build.weights(shape, self.dtype, channels=shape[axis], axis=axis)
        inputs: list[str | None] = [self.transpose(value, TO_LAST), filters]
        inputs.append(self._bias(shape[axis]))
        name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        result = self.op(name, inputs, padding="SAME", stride_h=stride, stride_w=stride)
        return self.transpose(result, TO_FIRST)

    def pool(self, value: str, name: str = "MAX_POOL_2D") -> str:
        """A pool of 2x2 windows, transposes around it."""
        inner = self.transpose(value, TO_LAST)
        attrs: dict[str, AttrValue] = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}
        return self.transpose(self.op(name, (inner,), padding="VALID", **attrs), TO_FIRST)

    def fully_connected(self, value: str, units: int) -> str:
        """A fully connected layer on rows."""
        depth = self.build.type_of(value).shape[-1]
        weights = self.build.weights((units, depth), self.dtype, channels=units)
        return self.op("FULLY_CONNECTED", (value, weights, self._bias(units)))

    def constant(self, shape: Shape) -> str:
        """A random constant operand."""
        if self.dtype is DType.FLOAT32:
            return self.build.constant(self.build.random.normal(0, 1, shape).astype(np.float32))
        array = self.build.random.integers(-128, 128, shape).astype(np.int8)
        return self.build.constant(array, self.quant)

    def _bias(self, count: int) -> str:
        if self.dtype is DType.FLOAT32:
            return self.constant((count,))
        return self.build.constant(self.build.random.integers(-500, 500, count).astype(np.int32))
