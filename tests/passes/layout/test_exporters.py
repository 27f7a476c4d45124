# SPDX-License-Identifier: Apache-2.0
"""Networks as PyTorch and ONNX exporters write them: which operators are left, and what the framework computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milliwatt.ir import Graph
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.passes.layout.report import remaining_transposes
from milliwatt.pipeline import load
from milliwatt.samples import sample_inputs

torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
nn, functional = torch.nn, torch.nn.functional


class InvertedResidual(nn.Module):
    """As in MobileNetV2 and V3."""

    def __init__(self, channels: int, activation: Callable[[], Any]) -> None:
        super().__init__()
        wide = 3 * channels
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), activation()),
            *(nn.Conv2d(wide, wide, 3, 1, 1, groups=wide), nn.BatchNorm2d(wide), activation()),
            *(nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels)),
        )

    def forward(self, data: Any) -> Any:
        return data + self.layers(data)


class SqueezeAndExcite(nn.Module):
    """A gate per channel from the mean of each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 2, 1), nn.Conv2d(2, channels, 1)

    def forward(self, data: Any) -> Any:
        small = functional.relu(self.down(functional.adaptive_avg_pool2d(data, 1)))
        return data * torch.sigmoid(self.up(small))


class Normalised(nn.Module):
    """As in ConvNeXt: a layer norm over channels between permutations."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.window = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm, self.mix = nn.LayerNorm(channels), nn.Linear(channels, channels)

    def forward(self, data: Any) -> Any:
        inner = functional.gelu(self.mix(self.norm(self.window(data).permute(0, 2, 3, 1))))
        return data + inner.permute(0, 3, 1, 2)


def mobile() -> Any:
    blocks = (InvertedResidual(4, nn.ReLU6), SqueezeAndExcite(4), InvertedResidual(4, nn.SiLU))
    stem = (nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.Hardswish())
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def digits() -> Any:
    """One channel, and a flatten whose columns are permuted."""
    layers = (nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 7 * 7, 5))
    return nn.Sequential(*layers, nn.Softmax(1))


def normalised() -> Any:
    return nn.Sequential(nn.Conv2d(3, 8, 4, 4), Normalised(8), nn.Flatten(), nn.Linear(8 * 16, 3))


def along_time() -> Any:
    layers = (nn.Conv1d(1, 4, 5, 2), nn.BatchNorm1d(4), nn.ReLU(), nn.Conv1d(4, 4, 3), nn.Flatten())
    return nn.Sequential(*layers, nn.Linear(4 * 124, 3))


# The module, the shape of its input, and the operators that are left besides views.
MODULES: dict[str, tuple[Callable[[], Any], tuple[int, ...], dict[str, int]]] = {
    "mobile": (
        mobile,
        (1, 3, 16, 16),
        {
            "TRANSPOSE": 1,
            "CONV_2D": 7,
            "DEPTHWISE_CONV_2D": 2,
            "HARD_SWISH": 1,
            "ADD": 2,
            "MEAN": 2,
            "LOGISTIC": 1,
        }
        | {"MUL": 1, "SILU": 2, "FULLY_CONNECTED": 1},
    ),
    "digits": (digits, (1, 1, 16, 16), {"CONV_2D": 1, "MAX_POOL_2D": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1}),
    "normalised": (
        normalised,
        (1, 3, 16, 16),
        {
            "TRANSPOSE": 1,
            "CONV_2D": 1,
            "DEPTHWISE_CONV_2D": 1,
            "LAYER_NORM": 1,
            "FULLY_CONNECTED": 2,
            "GELU": 1,
        }
        | {"ADD": 1},
    ),
    "along time": (along_time, (1, 1, 256), {"CONV_2D": 2, "FULLY_CONNECTED": 1}),
}


def counted(graph: Graph) -> dict[str, int]:
    ops = [node.op for node in graph.nodes if node.op != "RESHAPE"]
    return {op: ops.count(op) for op in ops}


@pytest.mark.parametrize("name", MODULES)
def test_modules_become_few_operators(name: str) -> None:
    make, shape, left = MODULES[name]
    torch.manual_seed(1)
    module = make().eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.3)
            part.running_var.uniform_(0.5, 1.5)
    data = torch.randn(*shape)
    result = optimise(load(module, data))
    assert counted(result) == left
    expected = module(data).detach().numpy()
    got = Interpreter(result).run([data.numpy()])[0]
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "left"), [("ic_qdq", 0), ("kws_qdq", 0), ("vww_float", 1)])
def test_onnx_models_keep_a_transpose_of_the_image_alone(
    name: str, left: int, shared_model: Callable[[str], Path]
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed (extra: onnx)")
    graph = load(str(shared_model(f"{name}.onnx")))
    result = optimise(graph)
    reports = remaining_transposes(result)
    assert len(reports) == left
    assert all(report.reason.startswith("the input ") for report in reports)
    [inputs] = sample_inputs(graph, samples=1, seed=0)
    for expected, got in zip(Interpreter(graph).run(inputs), Interpreter(result).run(inputs), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
