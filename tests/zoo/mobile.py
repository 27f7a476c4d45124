# SPDX-License-Identifier: Apache-2.0
"""Networks for mobile phones, at reduced resolution."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

Activation = Callable[[], nn.Module]


def normalised(
    inputs: int, outputs: int, size: int, *, stride: int = 1, groups: int = 1, act: Activation
) -> nn.Sequential:
    """A convolution, batch normalisation and an activation."""
    layer = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), act())


class Squeeze(nn.Module):
    """Squeeze and excitation (Hu et al., 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, channels // 4, 1), nn.Conv2d(channels // 4, channels, 1)

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        """Each channel times a factor that depends on all of them."""
        return data * F.hardsigmoid(self.up(F.relu(self.down(F.adaptive_avg_pool2d(data, 1)))))


class Inverted(nn.Module):
    """An inverted residual: wide, depthwise, narrow (Sandler et al., 2018)."""

    def __init__(
        self, inputs: int, outputs: int, *, wide: int, size: int, stride: int, squeeze: bool, act: Activation
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [normalised(inputs, wide, 1, act=act)] if wide != inputs else []
        layers.append(normalised(wide, wide, size, stride=stride, groups=wide, act=act))
        if squeeze:
            layers.append(Squeeze(wide))
        layers.append(normalised(wide, outputs, 1, act=nn.Identity))
        self.layers, self.adds = nn.Sequential(*layers), stride == 1 and inputs == outputs

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        """With a shortcut where the shapes agree."""
        return data + self.layers(data) if self.adds else self.layers(data)


def mobilenet_v2() -> nn.Module:
    """Width 0.35 on [1, 3, 64, 64]."""
    plan = [
        (1, 8, 1, 1),
        (6, 8, 2, 2),
        (6, 16, 3, 2),
        (6, 24, 4, 2),
        (6, 32, 3, 1),
        (6, 56, 3, 2),
        (6, 112, 1, 1),
    ]
    layers: list[nn.Module] = [normalised(3, 16, 3, stride=2, act=nn.ReLU6)]
    width = 16
    for factor, outputs, count, first in plan:
        for number in range(count):
            stride, wide = (first if number == 0 else 1), width * factor
            layers.append(
                Inverted(width, outputs, wide=wide, size=3, stride=stride, squeeze=False, act=nn.ReLU6)
            )
            width = outputs
    head = [normalised(width, 256, 1, act=nn.ReLU6), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, *head, nn.Linear(256, 10))


def mobilenet_v3() -> nn.Module:
    """MobileNetV3-small, half as wide, on [1, 3, 64, 64] (Howard et al., 2019)."""
    rectified, swish = nn.ReLU, nn.Hardswish
    plan = [
        (3, 8, 8, True, rectified, 2),
        (3, 36, 12, False, rectified, 2),
        (3, 44, 12, False, rectified, 1),
        (5, 48, 20, True, swish, 2),
        (5, 120, 20, True, swish, 1),
        (5, 120, 24, True, swish, 1),
        (5, 144, 48, True, swish, 2),
        (5, 288, 48, True, swish, 1),
    ]
    layers: list[nn.Module] = [normalised(3, 8, 3, stride=2, act=swish)]
    width = 8
    for size, wide, outputs, squeeze, act, stride in plan:
        layers.append(Inverted(width, outputs, wide=wide, size=size, stride=stride, squeeze=squeeze, act=act))
        width = outputs
    head = [normalised(width, 288, 1, act=swish), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, *head, nn.Linear(288, 256), swish(), nn.Linear(256, 10))


def efficientnet_lite() -> nn.Module:
    """As EfficientNet-Lite: inverted residuals of both sizes, without squeezing, on [1, 3, 48, 48]."""
    plan = [(3, 1, 8, 1), (3, 4, 12, 2), (5, 4, 16, 2), (3, 4, 24, 2), (5, 4, 24, 1), (5, 4, 40, 2)]
    layers: list[nn.Module] = [normalised(3, 8, 3, stride=2, act=nn.ReLU6)]
    width = 8
    for size, factor, outputs, stride in plan:
        layers.append(
            Inverted(
                width, outputs, wide=width * factor, size=size, stride=stride, squeeze=False, act=nn.ReLU6
            )
        )
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


class Fire(nn.Module):
    """Squeezed, then two expansions side by side (Iandola et al., 2016)."""

    def __init__(self, inputs: int, narrow: int, wide: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, narrow, 1)
        self.small, self.large = nn.Conv2d(narrow, wide, 1), nn.Conv2d(narrow, wide, 3, padding=1)

    def forward(self, data: torch.Tensor) -> torch.Tensor:
        """Both expansions, joined."""
        seen = torch.relu(self.narrow(data))
        return torch.cat([torch.relu(self.small(seen)), torch.relu(self.large(seen))], 1)


def squeezenet() -> nn.Module:
    """A quarter as wide as version 1.1, on [1, 3, 64, 64]."""
    pool = [nn.MaxPool2d(3, 2, ceil_mode=True) for _ in range(3)]
    return nn.Sequential(
        *(nn.Conv2d(3, 16, 3, 2), nn.ReLU(), pool[0], Fire(16, 4, 16), Fire(32, 4, 16), pool[1]),
        *(Fire(32, 8, 32), Fire(64, 8, 32), pool[2], Fire(64, 12, 48), Fire(96, 16, 64)),
        *(nn.Dropout(), nn.Conv2d(128, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )
