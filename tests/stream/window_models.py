# SPDX-License-Identifier: Apache-2.0
"""Small models of a window, each with what one rule of streaming is about. Time is axis 1 unless the case says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from milliwatt.ir import AttrValue, DType, Graph, Quant, Shape, TensorType
from milliwatt.testing.builder import GraphBuilder


class WindowBuilder(GraphBuilder):
    """A `GraphBuilder` of one element type with one input."""

    def __init__(self, dtype: DType, shape: Shape) -> None:
        super().__init__(np.random.default_rng(7))
        self.dtype = dtype
        self.data = self.input(TensorType(dtype, shape, self.quant(dtype)))

    def conv(self, data: str, window: int, *, width: int = 1, stride: int = 1, dilation: int = 1) -> str:
        """A convolution to 6 channels with ReLU, VALID."""
        channels = self.type_of(data).shape[3]
        weights = self.filter((6, window, width, channels), axis=0, fan_in=window * width * channels)
        attrs: dict[str, AttrValue] = {
            "padding": "VALID",
            "stride_h": stride,
            "dilation_h_factor": dilation,
            "fused_activation_function": "RELU",
        }
        return self.plain("CONV_2D", data, weights, self.bias(data, weights, 6), attrs=attrs, fresh=True)

    def depthwise(self, data: str, window: int, *, stride: int = 1) -> str:
        """A depthwise convolution, VALID."""
        channels = self.type_of(data).shape[3]
        weights = self.filter((1, window, 1, channels), axis=3, fan_in=window)
        attrs: dict[str, AttrValue] = {"padding": "VALID", "stride_h": stride, "stride_w": stride}
        bias = self.bias(data, weights, channels)
        return self.plain("DEPTHWISE_CONV_2D", data, weights, bias, attrs=attrs, fresh=True)

    def plain(
        self, op: str, *inputs: str | None, attrs: dict[str, AttrValue] | None = None, fresh: bool = False
    ) -> str:
        """A node of one output, quantised as its first input, or anew."""
        quant = self.quant(self.dtype) if fresh else self.type_of(str(inputs[0])).quant
        given = tuple(name for name in inputs if name is not None)
        return self.node(op, given, attrs=attrs, dtype=self.dtype, quant=quant)[0]

    def integers(self, *numbers: int) -> str:
        """A constant int32 vector."""
        return self.constant(np.array(numbers, np.int32))

    def crop(self, data: str, begin: int, count: int) -> str:
        """Columns from ``begin`` on."""
        shape = self.type_of(data).shape
        begins = self.integers(0, begin, *(0 for _ in shape[2:]))
        return self.plain("SLICE", data, begins, self.integers(shape[0], count, *shape[2:]))

    def quant(self, dtype: DType, *, scale: float | None = None) -> Quant | None:
        """One scale for all values, so that nothing saturates; a zero point near the middle."""
        if dtype is DType.FLOAT32:
            return None
        return Quant((float(np.float32(0.05)),), (0 if dtype is DType.INT16 else self.integer(-20, 20),))

    def filter(self, shape: Shape, *, axis: int, fan_in: int) -> str:
        """Weights that keep the spread of the data, with a scale per channel of that axis."""
        if self.dtype is DType.FLOAT32:
            return self.constant((self.random.normal(size=shape) / np.sqrt(fan_in)).astype(np.float32))
        scales = self.random.uniform(0.7, 1.3, shape[axis]) / (73 * np.sqrt(fan_in))
        quant = Quant(tuple(float(np.float32(scale)) for scale in scales), (0,) * shape[axis], axis)
        return self.constant(self.random.integers(-127, 128, shape).astype(np.int8), quant)

    def bias(self, data: str, weights: str, units: int) -> str:
        """A bias of at most one in the real numbers."""
        real = self.random.uniform(-1, 1, units)
        kinds = (self.type_of(data).quant, self.type_of(weights).quant)
        if kinds[0] is None or kinds[1] is None:
            return self.constant(real.astype(np.float32))
        scales = tuple(float(np.float32(kinds[0].scale[0] * scale)) for scale in kinds[1].scale)
        dtype = np.int64 if self.dtype is DType.INT16 else np.int32
        return self.constant((real / scales).astype(dtype), Quant(scales, (0,) * units, 0))

    def dense(self, data: str, units: int = 3) -> str:
        """A fully connected layer over all elements."""
        size = self.type_of(data).size
        flat = self.plain("RESHAPE", data, attrs={"new_shape": (1, size)})
        weights = self.filter((units, size), axis=0, fan_in=size)
        return self.plain("FULLY_CONNECTED", flat, weights, self.bias(flat, weights, units), fresh=True)


def strided(build: WindowBuilder) -> None:
    """Strides 2 and 2, then dilation; a tail that no window reads."""
    x = build.conv(build.data, 3, width=2, stride=2)
    x = build.depthwise(x, 2, stride=2)
    build.dense(build.conv(x, 2, dilation=2))


def sparse(build: WindowBuilder) -> None:
    """A stride beyond the kernel: columns that nothing reads."""
    build.dense(build.conv(build.conv(build.data, 1, stride=2), 2))


def pools(build: WindowBuilder) -> None:
    """A pool that slides, one that steps, and the mean over what is left of time."""
    attrs: dict[str, AttrValue] = {"padding": "VALID", "filter_height": 3, "stride_h": 1}
    x = build.plain("MAX_POOL_2D", build.data, attrs=attrs)
    x = build.plain("AVERAGE_POOL_2D", x, attrs={**attrs, "filter_height": 2, "stride_h": 2})
    build.plain("MEAN", x, build.integers(1, 2), fresh=True)


def residual(build: WindowBuilder) -> None:
    """A dilated block whose input, cropped in front, is added; then another with a crop at the end."""
    x = build.conv(build.data, 1)
    for begin in (4, 0):
        frames = build.type_of(x).shape[1] - 4
        x = build.plain("ADD", build.conv(x, 3, dilation=2), build.crop(x, begin, frames), fresh=True)
    build.plain("AVERAGE_POOL_2D", x, attrs={"padding": "VALID", "filter_height": build.type_of(x).shape[1]})


def shared_history(build: WindowBuilder) -> None:
    """Three readers of one value, each with a history of its own length, side by side."""
    frames = build.type_of(build.data).shape[1]
    x = build.conv(build.data, 1)
    parts = [build.conv(x, 5), build.crop(build.conv(x, 3), 1, frames - 4), build.crop(x, 2, frames - 4)]
    same = build.type_of(parts[0]).quant
    shapes = [build.node("QUANTIZE", (part,), dtype=build.dtype, quant=same)[0] for part in parts]
    build.dense(build.plain("CONCATENATION", *shapes, attrs={"axis": 3}))


def excitation(build: WindowBuilder) -> None:
    """Squeeze and excitation: what is whole scales what streams, so both are whole from there on."""
    x = build.conv(build.data, 3)
    mean = build.plain("MEAN", x, build.integers(1, 2), attrs={"keep_dims": True}, fresh=True)
    build.dense(build.plain("MUL", x, build.conv(mean, 1), fresh=True))


def positions(build: WindowBuilder) -> None:
    """A constant that differs from column to column belongs to the window, not to the stream."""
    x = build.conv(build.data, 3)
    table = build.sample(build.type_of(x))
    build.dense(build.plain("ADD", x, build.constant(table, build.quant(build.dtype)), fresh=True))


def keeps_time(build: WindowBuilder) -> None:
    """Views, a transposition, a softmax per column; the output still has the time axis."""
    x = build.conv(build.data, 3)
    _, frames, width, channels = build.type_of(x).shape
    x = build.plain("RESHAPE", x, attrs={"new_shape": (1, frames, width * channels)})
    x = build.plain("TRANSPOSE", x, build.integers(1, 0, 2))
    weights = build.filter((4, width * channels), axis=0, fan_in=width * channels)
    x = build.plain("FULLY_CONNECTED", x, weights, build.bias(x, weights, 4), fresh=True)
    build.plain("LOGISTIC", x, fresh=True) if build.dtype is DType.FLOAT32 else build.plain("RELU", x)


def last_column(build: WindowBuilder) -> None:
    """Every second column by a strided slice, then only the last one."""
    x = build.conv(build.data, 3)
    rank = len(build.type_of(x).shape)
    ends, ones = build.integers(*build.type_of(x).shape), build.integers(1, 2, *(1 for _ in range(rank - 2)))
    masks: dict[str, AttrValue] = {"begin_mask": 13, "end_mask": 13}
    x = build.plain("STRIDED_SLICE", x, build.integers(0, 1, 0, 0), ends, ones, attrs=masks)
    steps = build.integers(1, 1, 1, 1)
    last: dict[str, AttrValue] = {"begin_mask": 13, "end_mask": 15, "shrink_axis_mask": 2}
    build.plain("STRIDED_SLICE", x, build.integers(0, -1, 0, 0), ends, steps, attrs=last)


def across(build: WindowBuilder) -> None:
    """Time along the width; the height is padded."""
    channels = build.type_of(build.data).shape[3]
    weights = build.filter((6, 3, 3, channels), axis=0, fan_in=9 * channels)
    attrs: dict[str, AttrValue] = {"padding": "VALID"}
    padded = build.plain(
        "PAD", build.data, build.constant(np.array([[0, 0], [1, 1], [0, 0], [0, 0]], np.int32))
    )
    build.dense(
        build.plain("CONV_2D", padded, weights, build.bias(padded, weights, 6), attrs=attrs, fresh=True)
    )


@dataclass(frozen=True)
class Case:
    """A window model, its time axis, and a hop that its strides allow."""

    write: Callable[[WindowBuilder], None]
    hop: int = 1
    axis: int = 1
    shape: Shape = (1, 17, 3, 4)
    dtype: DType = DType.INT8

    def graph(self) -> Graph:
        """The window model."""
        build = WindowBuilder(self.dtype, self.shape)
        self.write(build)
        return build.graph(self.write.__name__)


CASES = {
    "strides and a tail": Case(strided, hop=4, shape=(1, 32, 3, 4)),
    "stride beyond the kernel": Case(sparse, hop=2),
    "pools": Case(pools, hop=2),
    "residual blocks": Case(residual),
    "residual blocks by threes": Case(residual, hop=3),
    "one value, three histories": Case(shared_history, hop=2),
    "squeeze and excitation": Case(excitation),
    "a table over time": Case(positions),
    "time stays": Case(keeps_time, hop=2),
    "time stays, float": Case(keeps_time, dtype=DType.FLOAT32),
    "residual, int16": Case(residual, dtype=DType.INT16),
    "last column": Case(last_column, hop=2),
    "time across": Case(across, axis=2, shape=(1, 4, 9, 3)),
    "axis from the back": Case(across, axis=-2, hop=2, shape=(1, 4, 9, 3)),
}
