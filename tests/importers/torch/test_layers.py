# SPDX-License-Identifier: Apache-2.0
"""Layers of networks, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from tests.importers.torch.agreement import (  # noqa: E402
    Calls,
    Together,
    agree,
    equal_within,
    host,
    random,
    same_results,
    seeded,
)
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from milliwatt.errors import UnsupportedError  # noqa: E402
from milliwatt.importers.torch import from_module  # noqa: E402

X, Y = random(1, 6, 8, 10), random(1, 6, 8, 10, seed=1)

LAYERS = {
    "convolution": (lambda: nn.Conv2d(6, 8, 3, stride=2, padding=1), X),
    "grouped convolution": (lambda: nn.Conv2d(6, 9, 3, groups=3, bias=False), X),
    "depthwise convolution": (lambda: nn.Conv2d(6, 12, 4, padding="same", groups=6), X),
    "dilated line": (lambda: nn.Conv1d(8, 6, 3, stride=2, padding=1, dilation=2), X[0]),
    "mirrored border": (lambda: nn.Conv2d(6, 4, 3, padding=1, padding_mode="reflect"), X),
    "convolution without batch": (lambda: nn.Conv2d(6, 4, 3), X[0]),
    "transposed convolution": (lambda: nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1), X),
    "transposed line": (lambda: nn.ConvTranspose1d(8, 6, 3, 2, 1, groups=2, dilation=2), X[0]),
    "normalised convolution": (
        lambda: nn.Sequential(nn.Conv2d(6, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        X,
    ),
    "normalised linear": (lambda: nn.Sequential(nn.Linear(10, 5), nn.BatchNorm1d(5)), X[0, 0]),
    "normalisation alone": (lambda: nn.BatchNorm2d(6), X),
    "normalisation without weights": (lambda: nn.BatchNorm1d(8, affine=False), X[0]),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(10, 5)), X),
    "slopes": (lambda: nn.Sequential(nn.PReLU(6), nn.PReLU()), X),
    "layer norm": (lambda: nn.LayerNorm((8, 10)), X),
    "group norm": (lambda: nn.GroupNorm(3, 6), X),
    "instance norm": (lambda: nn.InstanceNorm2d(6, affine=True), X),
    "instance norm with statistics": (lambda: nn.InstanceNorm1d(8, track_running_stats=True), X[0]),
    "RMS norm": (lambda: nn.RMSNorm(10), X),
    "no operation": (lambda: nn.Sequential(nn.Dropout(), nn.Identity(), nn.ZeroPad2d(1), nn.Flatten()), X),
    "embedding": (lambda: nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 3)), torch.tensor([[1, 5, 9]])),
    "bilinear product": (lambda: nn.Bilinear(10, 10, 3), X[0, 0], Y[0, 0]),
    "encoder": (
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(10, 2, 16, batch_first=True), 1, enable_nested_tensor=False
        ),
        X[0],
    ),
}

FUNCTIONS = {
    "pools of largest": lambda a: (
        F.max_pool2d(a, 3, 2, 1),
        F.max_pool2d(a, 3, 2, 1, ceil_mode=True),
        F.max_pool1d(a[0], 2),
        F.adaptive_max_pool2d(a, (2, 5)),
    ),
    "pools of means": lambda a: (
        F.avg_pool2d(a, 3, 2, 1),
        F.avg_pool2d(a, 3, 2, 1, count_include_pad=False, ceil_mode=True),
        F.avg_pool2d(a, 3, 2, 1, ceil_mode=True),
        F.avg_pool2d(a, 2, divisor_override=3),
        F.avg_pool1d(a[0], 3, 2, 1),
        F.lp_pool2d(a.abs(), 2, 2),
    ),
    "adaptive pools": lambda a: (
        F.adaptive_avg_pool2d(a, 1),
        F.adaptive_avg_pool2d(a, (4, 5)),
        F.adaptive_avg_pool2d(a, (3, 7)),
        F.adaptive_avg_pool1d(a[0], 3),
    ),
    "other sizes": lambda a: (
        F.interpolate(a, scale_factor=2),
        F.interpolate(a, size=(5, 7)),
        F.interpolate(a, size=(5, 7), mode="nearest-exact"),
        F.interpolate(a, scale_factor=2, mode="bilinear"),
        F.interpolate(a, size=(5, 7), mode="bilinear", align_corners=True),
        F.interpolate(a[0], scale_factor=2, mode="linear"),
        F.interpolate(a[0], size=7),
    ),
    "unit length": lambda a: F.normalize(a, dim=1),
}

ATTENTION = {
    "plain": lambda a, b: F.scaled_dot_product_attention(a, b, b),
    "causal": lambda a, b: F.scaled_dot_product_attention(a, b, b, is_causal=True),
    "mask of truth values": lambda a, b: F.scaled_dot_product_attention(
        a, b, a, attn_mask=torch.ones(8, 8).tril() > 0
    ),
    "mask of numbers": lambda a, b: F.scaled_dot_product_attention(
        a, b, a, attn_mask=torch.eye(8), scale=0.5
    ),
    "shared heads": lambda a, b: F.scaled_dot_product_attention(a, b[:, :2], b[:, :2], enable_gqa=True),
}


CASES = {
    **{name: (seeded(make), *inputs) for name, (make, *inputs) in LAYERS.items()},
    **{name: (function, X) for name, function in FUNCTIONS.items()},
}


@pytest.fixture(scope="module")
def compared() -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """The results of all cases."""
    return Together(CASES).compared()


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_pytorch(case: str, compared: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> None:
    equal_within(compared[case])


def test_attention_compiled() -> None:
    module = Calls(lambda *inputs: [function(*inputs) for function in ATTENTION.values()])
    graph = agree(module, X, Y)
    same_results(graph, host(graph), module, [(X, Y)])


class Recurrent(nn.Module):
    """A recurrent layer with its last states, from initial states that are computed."""

    def __init__(self, layer: nn.Module, states: int) -> None:
        super().__init__()
        self.layer, self.states = layer, states

    def forward(self, data: torch.Tensor, start: torch.Tensor) -> object:
        sequence, last = self.layer(data, (start, start * 0.5) if self.states == 2 else start)
        return sequence, last


RECURRENT = {
    "LSTM": (nn.LSTM, 2, {}),
    "LSTM of two layers, both directions": (nn.LSTM, 2, {"num_layers": 2, "bidirectional": True}),
    "GRU": (nn.GRU, 1, {"bias": False}),
    "GRU of both directions, batch first": (nn.GRU, 1, {"bidirectional": True, "batch_first": True}),
    "RNN": (nn.RNN, 1, {"num_layers": 2}),
    "RNN with a rectifier": (nn.RNN, 1, {"nonlinearity": "relu"}),
}


def test_recurrent_layers_compiled() -> None:
    cases = {}
    for name, (kind, states, options) in RECURRENT.items():
        module = seeded(
            lambda kind=kind, states=states, options=options: Recurrent(kind(6, 5, **options), states)
        )
        count = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
        batch = 7 if options.get("batch_first") else 2
        cases[name] = (module, random(7, 2, 6), random(count, batch, 5, seed=1))
    module = Together(cases)
    graph = agree(module, *module.inputs)
    same_results(graph, host(graph), module, [module.inputs])


def test_recurrent_layer_from_zeros_has_no_initial_state() -> None:
    graph = agree(seeded(lambda: nn.LSTM(6, 5)), random(7, 1, 6))
    (node,) = [node for node in graph.nodes if node.op == "LSTM"]
    assert len(node.inputs) == 4


def test_projection_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="proj_size"):
        from_module(nn.LSTM(6, 5, proj_size=3), random(7, 1, 6), "projected")
