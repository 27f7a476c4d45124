# SPDX-License-Identifier: Apache-2.0
"""Whole networks from PyTorch: the meaning, the C on this computer and the C on a Cortex-M4 agree with PyTorch."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from tests.importers.torch.agreement import host, random, same_results, seeded  # noqa: E402
from tests.zoo import mobile, sequence, tiny  # noqa: E402

from milliwatt.importers.torch import from_module  # noqa: E402
from milliwatt.ops.interpret import Interpreter  # noqa: E402
from milliwatt.pipeline import Options, compile_graph  # noqa: E402
from milliwatt.runners import runner_for  # noqa: E402
from milliwatt.targets import board  # noqa: E402

SMALL = {
    "ResNet-8": (tiny.resnet_8, (1, 3, 32, 32)),
    "DS-CNN": (tiny.ds_cnn, (1, 1, 49, 10)),
    "autoencoder": (tiny.autoencoder, (1, 640)),
    "DS-CNN in one dimension": (tiny.ds_cnn_1d, (1, 6, 64)),
    "TCN": (tiny.tcn, (1, 8, 50)),
    "LSTM": (sequence.lstm, (1, 20, 9)),
    "GRU": (sequence.gru, (1, 20, 9)),
    "GRU in both directions": (sequence.bidirectional_gru, (1, 20, 9)),
}
LARGE = {
    "MobileNetV1": (tiny.mobilenet_v1, (1, 3, 48, 48)),
    "MobileNetV2": (mobile.mobilenet_v2, (1, 3, 64, 64)),
    "MobileNetV3-small": (mobile.mobilenet_v3, (1, 3, 64, 64)),
    "EfficientNet-Lite": (mobile.efficientnet_lite, (1, 3, 48, 48)),
    "SqueezeNet": (mobile.squeezenet, (1, 3, 64, 64)),
}


def emulated(module: Any, runs: list[tuple[Any, ...]]) -> None:
    """The C for a Cortex-M4 gives PyTorch's results."""
    graph = from_module(module, runs[0], "network")
    build = compile_graph(graph, Options(board=board("nucleo-l4r5zi")))
    same_results(graph, runner_for(build, "emulator"), module, runs)


def meaning_and_host(name: str) -> None:
    """The meaning and the C on this computer give PyTorch's results."""
    make, shape = (SMALL | LARGE)[name]
    module, runs = seeded(make), [(random(*shape, seed=seed),) for seed in range(2)]
    graph = from_module(module, runs[0], "network")
    same_results(graph, Interpreter(graph), module, runs)
    same_results(graph, host(graph), module, runs)


@pytest.mark.parametrize("name", SMALL)
def test_small(name: str) -> None:
    meaning_and_host(name)


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_large(name: str) -> None:
    meaning_and_host(name)


@pytest.mark.parametrize("name", ["DS-CNN in one dimension", "GRU in both directions"])
def test_cortex_m4(name: str) -> None:
    make, shape = SMALL[name]
    emulated(seeded(make), [(random(*shape),)])


@pytest.mark.long
@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_all_on_cortex_m4(name: str) -> None:
    make, shape = (SMALL | LARGE)[name]
    emulated(seeded(make), [(random(*shape, seed=seed),) for seed in range(2)])


def test_encoder() -> None:
    module = seeded(sequence.Encoder)
    runs = [
        (torch.randint(0, 100, (1, 32), generator=torch.Generator().manual_seed(seed)),) for seed in range(2)
    ]
    graph = from_module(module, runs[0], "encoder")
    same_results(graph, Interpreter(graph), module, runs)
    same_results(graph, host(graph), module, runs)


@pytest.mark.parametrize("runner", ["meaning", "host", "emulator"])
def test_decoder_generates_the_same_tokens(runner: str) -> None:
    """Each token is the best of the scores before it, from the runner's own scores."""
    module = seeded(sequence.Decoder)
    start = (torch.zeros(1, 1, dtype=torch.int64),)
    graph = from_module(module, start, "decoder")
    target = board("nucleo-l4r5zi" if runner == "emulator" else "host")
    machine = runner_for(compile_graph(graph, Options(board=target)), runner)
    original, token, tokens = copy.deepcopy(module), start[0], []
    for _ in range(10):
        with torch.no_grad():
            expected = original(token)
        (scores,) = machine.run([token.numpy()])
        assert torch.allclose(expected, torch.from_numpy(scores), atol=1e-5)
        token = torch.from_numpy(scores).argmax(-1, keepdim=True)
        assert token.equal(expected.argmax(-1, keepdim=True))
        tokens.append(int(token))
    assert len(set(tokens)) > 1
