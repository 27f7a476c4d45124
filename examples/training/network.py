# SPDX-License-Identifier: Apache-2.0
"""A list of layers as a PyTorch network, and the trained network as plain arrays with batch norm folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.layers import AveragePool, Conv, Dense, Depthwise, Layer, Pair, Softmax

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class FloatLayer:
    """A trained layer.

    Attributes:
        layer: what it is.
        weights: float64 in TFLite's order: [out, height, width, in], [1, height, width, channels] or
            [units, depth].
        bias: float64, one element per output channel.
        shape: its output for one example, with the batch dimension.
        low, high: the smallest and the largest output seen on the calibration data.
    """

    layer: Layer
    weights: Array | None
    bias: Array | None
    shape: tuple[int, ...]
    low: float
    high: float


class Network(nn.Module):
    """The layers in order; data enters as [batch, height, width, channels] or [batch, units].

    Args:
        shape: one example, without the batch dimension.
        layers: the network.
    """

    def __init__(self, shape: Sequence[int], layers: Sequence[Layer]) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.layers = tuple(layers)
        channels, blocks = shape[-1], []
        for layer in layers:
            block = _block(layer, channels)
            channels = block.channels
            blocks.append(block)
        self.blocks = nn.ModuleList(blocks)

    def activations(self, data: Tensor) -> list[Tensor]:
        """The output of every layer, in PyTorch's channel order."""
        value = data.permute(0, 3, 1, 2) if data.ndim == 4 else data
        values = []
        for block in self.blocks:
            value = block(value)
            values.append(value)
        return values

    def forward(self, data: Tensor) -> Tensor:
        """What the loss is taken on: class scores before softmax, or the last layer's output."""
        values = self.activations(data)
        return values[-2] if isinstance(self.layers[-1], Softmax) else values[-1]

    def float_layers(self, calibration: Array) -> tuple[FloatLayer, ...]:
        """The trained layers with their output ranges on the calibration data, [examples, *shape] float32."""
        self.eval()
        with torch.no_grad():
            values = self.activations(torch.from_numpy(calibration))
        layers = []
        for layer, block, value in zip(self.layers, self.blocks, values, strict=True):
            assert isinstance(block, _Block)
            weights, bias = block.folded()
            channels, *window = value.shape[1:]
            low, high = float(value.min()), float(value.max())
            layers.append(FloatLayer(layer, weights, bias, (1, *window, channels), low, high))
        return tuple(layers)


class _Block(nn.Module):
    """One layer: convolution or matrix, batch norm and ReLU, as far as it has them."""

    def __init__(
        self, layer: Layer, linear: nn.Conv2d | nn.Linear | None, channels: int, norm: nn.Module | None
    ) -> None:
        super().__init__()
        self.layer, self.linear, self.channels, self.norm = layer, linear, channels, norm

    def forward(self, value: Tensor) -> Tensor:
        if isinstance(self.layer, AveragePool):
            return value.mean((2, 3))
        if isinstance(self.layer, Softmax):
            return functional.softmax(value, 1)
        assert self.linear is not None
        if isinstance(self.layer, Conv | Depthwise):
            value = _pad_same(value, self.layer.kernel, self.layer.stride)
        value = self.linear(value)
        return value if self.norm is None else functional.relu(self.norm(value))

    def folded(self) -> tuple[Array | None, Array | None]:
        """Weights in TFLite's order and bias, batch norm multiplied in."""
        if self.linear is None:
            return None, None
        weights = self.linear.weight.detach().numpy().astype(np.float64)
        bias = np.zeros(self.channels) if self.linear.bias is None else _array(self.linear.bias)
        if isinstance(self.norm, nn.BatchNorm1d | nn.BatchNorm2d):
            mean, variance = self.norm.running_mean, self.norm.running_var
            assert mean is not None
            assert variance is not None
            gain = _array(self.norm.weight) / np.sqrt(_array(variance) + self.norm.eps)
            weights = weights * gain.reshape(-1, *(1 for _ in weights.shape[1:]))
            bias = (bias - _array(mean)) * gain + _array(self.norm.bias)
        if isinstance(self.layer, Conv):
            weights = weights.transpose(0, 2, 3, 1)
        elif isinstance(self.layer, Depthwise):
            weights = weights.transpose(1, 2, 3, 0)
        return weights, bias


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().numpy().astype(np.float64)
    return array


def _block(layer: Layer, channels: int) -> _Block:
    match layer:
        case Conv(filters, kernel, stride):
            convolution = nn.Conv2d(channels, filters, kernel, stride, bias=False)
            return _Block(layer, convolution, filters, nn.BatchNorm2d(filters))
        case Depthwise(kernel, stride):
            depthwise = nn.Conv2d(channels, channels, kernel, stride, groups=channels, bias=False)
            return _Block(layer, depthwise, channels, nn.BatchNorm2d(channels))
        case Dense(units, hidden):
            dense = nn.Linear(channels, units, bias=not hidden)
            return _Block(layer, dense, units, nn.BatchNorm1d(units) if hidden else None)
        case _:
            return _Block(layer, None, channels, None)


def _pad_same(value: Tensor, kernel: Pair, stride: Pair) -> Tensor:
    """TFLite's SAME: the odd row or column of padding goes behind the data."""
    sides: list[int] = []
    for extent, window, step in zip(value.shape[:1:-1], kernel[::-1], stride[::-1], strict=True):
        total = max((-(-extent // step) - 1) * step + window - extent, 0)
        sides += [total // 2, total - total // 2]
    return functional.pad(value, sides)
