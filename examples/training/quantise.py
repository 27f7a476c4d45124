# SPDX-License-Identifier: Apache-2.0
"""Post-training quantisation to int8, after the TFLite 8-bit quantisation specification
(https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/quantization_spec).

Convolution filters are symmetric with one scale per output channel; fully connected filters are symmetric
with one scale, which every runtime of the specification supports; activations have one scale and a zero
point; the bias is int32 with scale input x filter. Ranges are the minimum and maximum seen on calibration
data: nothing is tuned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import AttrValue, DType, Graph, Node, Quant, TensorType
from training.layers import AveragePool, Conv, Dense, Depthwise, Layer, Softmax
from training.network import FloatLayer

Array = npt.NDArray[Any]

# The specification fixes what softmax gives: real = (value + 128) / 256.
_PROBABILITIES = Quant((1 / 256,), (-128,))
# A bias of this many steps still leaves the accumulator room for the products.
_LARGEST_BIAS = 2**29


def asymmetric(low: float, high: float) -> Quant:
    """Scale and zero point whose int8 range covers low..high and has 0 as one of its steps."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high - low) / 255) if high > low else np.float32(1)
    return Quant((float(scale),), (int(np.clip(round(-128 - low / float(scale)), -128, 127)),))


def to_int8(values: Array, quant: Quant) -> Array:
    """Real values as int8, rounded to nearest and saturated."""
    scale, zero_point = quant.scalar
    steps = np.rint(values.astype(np.float64) / scale) + zero_point
    rounded: Array = np.clip(steps, -128, 127).astype(np.int8)
    return rounded


def quantise(
    name: str, layers: Sequence[FloatLayer], *, data: TensorType, output: Quant | None = None
) -> Graph:
    """The int8 graph of a trained network.

    Args:
        name: the graph's name.
        layers: the float network with its ranges.
        data: the graph's input: int8, batch 1, with its quantisation.
        output: the quantisation of the last layer when it is given rather than calibrated.
    """
    if data.quant is None:
        raise ValueError("the input needs a scale and a zero point")
    draft = _Draft(data)
    for index, layer in enumerate(layers):
        wanted = output if index == len(layers) - 1 else None
        _append(draft, index, layer, wanted)
    inputs, outputs = (_INPUT,), (draft.last,)
    return Graph(name, draft.values, draft.constants, inputs, outputs, tuple(draft.nodes))


_INPUT = "input"


@dataclass
class _Draft:
    """The graph so far."""

    data: TensorType
    last: str = _INPUT
    values: dict[str, TensorType] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values[_INPUT] = self.data

    @property
    def quant(self) -> Quant:
        """Of the last value."""
        quant = self.values[self.last].quant
        assert quant is not None
        return quant

    def constant(self, name: str, array: Array, quant: Quant | None = None) -> str:
        self.values[name] = TensorType(DType(array.dtype.name), array.shape, quant)
        self.constants[name] = array
        return name

    def node(
        self, op: str, inputs: Sequence[str], output: TensorType, *, name: str, attrs: dict[str, AttrValue]
    ) -> None:
        self.values[name] = output
        self.nodes.append(Node(op, tuple(inputs), (name,), attrs, source=name))
        self.last = name


def _append(draft: _Draft, index: int, layer: FloatLayer, output: Quant | None) -> None:
    name = f"{_NAMES[type(layer.layer)]}_{index}"
    match layer.layer:
        case AveragePool():
            _average(draft, name, layer.shape)
        case Softmax():
            kind = TensorType(DType.INT8, layer.shape, _PROBABILITIES)
            draft.node("SOFTMAX", (draft.last,), kind, name=name, attrs={"beta": 1.0})
        case _:
            _weighted(draft, name, layer, output or asymmetric(layer.low, layer.high))


_NAMES: dict[type[Layer], str] = {
    Conv: "conv",
    Depthwise: "depthwise",
    Dense: "dense",
    AveragePool: "average",
    Softmax: "softmax",
}


def _average(draft: _Draft, name: str, shape: tuple[int, ...]) -> None:
    """Pooling keeps its input's quantisation, as the specification demands."""
    _, height, width, channels = draft.values[draft.last].shape
    pooled = TensorType(DType.INT8, (1, 1, 1, channels), draft.quant)
    attrs: dict[str, AttrValue] = {"padding": "VALID", "stride_h": height, "stride_w": width}
    attrs |= {"filter_height": height, "filter_width": width, "fused_activation_function": "NONE"}
    draft.node("AVERAGE_POOL_2D", (draft.last,), pooled, name=f"{name}_pool", attrs=attrs)
    target = draft.constant(f"{name}_shape", np.array(shape, np.int32))
    flat = TensorType(DType.INT8, shape, draft.quant)
    draft.node("RESHAPE", (draft.last, target), flat, name=name, attrs={"new_shape": shape})


def _weighted(draft: _Draft, name: str, layer: FloatLayer, output: Quant) -> None:
    assert layer.weights is not None
    assert layer.bias is not None
    axis = {Conv: 0, Depthwise: 3}.get(type(layer.layer))
    weights, weight_quant = _filter(layer.weights, layer.bias, axis=axis, input_scale=draft.quant.scale[0])
    bias_scale = tuple(float(np.float32(draft.quant.scale[0] * scale)) for scale in weight_quant.scale)
    bias = np.rint(layer.bias / np.array(bias_scale)).astype(np.int32)
    bias_quant = Quant(bias_scale, (0,) * len(bias_scale), None if axis is None else 0)
    inputs = (
        draft.last,
        draft.constant(f"{name}_weights", weights, weight_quant),
        draft.constant(f"{name}_bias", bias, bias_quant),
    )
    op, attrs = _attributes(layer.layer)
    draft.node(op, inputs, TensorType(DType.INT8, layer.shape, output), name=name, attrs=attrs)


def _filter(weights: Array, bias: Array, *, axis: int | None, input_scale: float) -> tuple[Array, Quant]:
    """Symmetric int8 weights, per slice of ``axis`` or per tensor; -128 is not used."""
    if axis is None:
        largest, offset = np.abs(weights).max(keepdims=True), np.abs(bias).max()
    else:
        others = tuple(other for other in range(weights.ndim) if other != axis)
        largest, offset = np.abs(weights).max(others, keepdims=True), np.abs(bias)
    # A channel of (nearly) zero weights would get so fine a scale that its bias no longer fits 32 bits.
    floor = np.maximum(offset / (input_scale * _LARGEST_BIAS), 1e-9).reshape(largest.shape)
    scales = np.maximum(largest / 127, floor).astype(np.float32).astype(np.float64)
    rounded = np.clip(np.rint(weights / scales), -127, 127).astype(np.int8)
    return rounded, Quant(tuple(scales.ravel().tolist()), (0,) * scales.size, axis)


def _attributes(layer: Layer) -> tuple[str, dict[str, AttrValue]]:
    match layer:
        case Dense(hidden=hidden):
            activation = "RELU" if hidden else "NONE"
            return "FULLY_CONNECTED", {"fused_activation_function": activation, "keep_num_dims": False}
        case Conv(stride=stride):
            return "CONV_2D", _window(stride)
        case Depthwise(stride=stride):
            return "DEPTHWISE_CONV_2D", {**_window(stride), "depth_multiplier": 1}
        case _:
            raise TypeError(f"{layer} has no weights")


def _window(stride: tuple[int, int]) -> dict[str, AttrValue]:
    return {
        "padding": "SAME",
        "stride_h": stride[0],
        "stride_w": stride[1],
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "fused_activation_function": "RELU",
    }
