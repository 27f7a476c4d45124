# SPDX-License-Identifier: Apache-2.0
"""The networks of MLPerf Tiny, and their one-dimensional relatives.

Source: Banbury et al., "MLPerf Tiny benchmark", 2021; widths and depths as there, but where noted.
"""

from __future__ import annotations

import itertools

import torch
from torch import nn


def normalised(layer: nn.Module, channels: int, dims: int = 2) -> nn.Sequential:
    """A convolution, batch normalisation and a rectifier."""
    norm = nn.BatchNorm2d(channels) if dims == 2 else nn.BatchNorm1d(channels)
    return nn.Sequential(layer, norm, nn.ReLU())


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Depthwise 3x3, then pointwise."""
    depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
    return nn.Sequential(
        normalised(depthwise, inputs), normalised(nn.Conv2d(inputs, outputs, 1, bias=False), outputs)
    )


def ds_cnn() -> nn.Module:
    """Keyword spotting on [1, 1, 49, 10]."""
    return nn.Sequential(
        normalised(nn.Conv2d(1, 64, (10, 4), 2, (4, 1)), 64),
        *(separable(64, 64) for _ in range(4)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 12),
        nn.Softmax(-1),
    )


def mobilenet_v1() -> nn.Module:
    """Visual wake words, width 0.25, on [1, 3, 48, 48] (half of the benchmark's resolution)."""
    plan = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    layers: list[nn.Module] = [normalised(nn.Conv2d(3, 8, 3, 2, 1, bias=False), 8)]
    width = 8
    for outputs, stride in plan:
        layers.append(separable(width, outputs, stride))
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 2))


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = normalised(nn.Conv2d(inputs, outputs, 3, stride, 1), outputs)
        self.second = nn.Sequential(nn.Conv2d(outputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        """The sum, rectified."""
        return torch.relu(self.second(self.first(data)) + self.shortcut(data))


def resnet_8() -> nn.Module:
    """Image classification on [1, 3, 32, 32]."""
    return nn.Sequential(
        normalised(nn.Conv2d(3, 16, 3, 1, 1), 16),
        Residual(16, 16, 1),
        Residual(16, 32, 2),
        Residual(32, 64, 2),
        nn.AvgPool2d(8),
        nn.Flatten(),
        nn.Linear(64, 10),
        nn.Softmax(-1),
    )


def autoencoder() -> nn.Module:
    """Anomaly detection on [1, 640]."""
    widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128]
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(128, 640))


def ds_cnn_1d() -> nn.Module:
    """A depthwise separable network over time, on [1, 6, 64]."""
    layers: list[nn.Module] = [normalised(nn.Conv1d(6, 16, 5, 2, 2), 16, dims=1)]
    for inputs, outputs in ((16, 24), (24, 32)):
        layers.append(normalised(nn.Conv1d(inputs, inputs, 3, 1, 1, groups=inputs), inputs, dims=1))
        layers.append(normalised(nn.Conv1d(inputs, outputs, 1), outputs, dims=1))
        layers.append(nn.MaxPool1d(2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 5))


class Causal(nn.Module):
    """A dilated convolution that looks back only, beside a shortcut."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.border = nn.ConstantPad1d((2 * dilation, 0), 0.0)
        self.layer = nn.utils.parametrizations.weight_norm(
            nn.Conv1d(channels, channels, 3, dilation=dilation)
        )

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        """The sum, rectified."""
        return torch.relu(self.layer(self.border(data)) + data)


def tcn() -> nn.Module:
    """A temporal convolutional network on [1, 8, 50] (Bai et al., 2018)."""
    return nn.Sequential(
        nn.Conv1d(8, 16, 1), *(Causal(16, dilation) for dilation in (1, 2, 4, 8)), nn.Conv1d(16, 3, 1)
    )
