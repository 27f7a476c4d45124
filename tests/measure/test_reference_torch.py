# SPDX-License-Identifier: Apache-2.0
"""PyTorch as an oracle: every value by name, outputs by position, and the state."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")

from tests.importers.torch.agreement import Calls, random, seeded  # noqa: E402
from tests.zoo import sequence, tiny  # noqa: E402

from milliwatt.errors import UsageError  # noqa: E402
from milliwatt.importers.torch.program import exported  # noqa: E402
from milliwatt.importers.torch.translate import translate  # noqa: E402
from milliwatt.measure.reference_torch import TorchReference  # noqa: E402
from milliwatt.pipeline import Options, compile_graph  # noqa: E402
from milliwatt.runners import runners_for  # noqa: E402
from milliwatt.targets import board  # noqa: E402
from milliwatt.verification import verify  # noqa: E402


@pytest.mark.parametrize(
    ("make", "example"),
    [
        (tiny.ds_cnn_1d, random(1, 6, 64)),
        (lambda: torch.nn.LSTM(9, 4, 2, batch_first=True), random(1, 5, 9)),
        (sequence.Decoder, torch.zeros(1, 1, dtype=torch.int64)),
        (lambda: Calls(lambda data: (data + 1, torch.ones(2), data)), random(1, 4)),
    ],
    ids=["network", "several results", "state", "a constant and an input as outputs"],
)
def test_verified_layer_by_layer(make: object, example: object) -> None:
    program = exported(seeded(make), (example,))
    graph = translate(program, "network")
    oracle = TorchReference(program, graph.outputs)
    build = compile_graph(graph, Options(board=board("host")))
    result = verify(build, oracle=oracle, runners=runners_for(build, ["host"]), samples=5, seed=0)
    assert result.ok, result.first_difference
    assert result.compared[0] == "torch"


def test_most_values_are_shown() -> None:
    program = exported(seeded(tiny.ds_cnn_1d), (random(1, 6, 64),))
    graph = translate(program, "network")
    shown = TorchReference(program, graph.outputs).tensors([random(1, 6, 64).numpy()])
    layers = {"conv1d", "relu", "max_pool1d", "linear"}
    assert layers <= set(shown)
    assert layers <= set(graph.values)
    assert set(graph.outputs) <= set(shown)


def test_state_is_kept_and_set_back() -> None:
    example = (torch.zeros(1, 1, dtype=torch.int64),)
    program = exported(seeded(sequence.Decoder), example)
    oracle = TorchReference(program, translate(program, "decoder").outputs)
    token = [np.array([[3]])]
    first, second = oracle.run(token)[0], oracle.run(token)[0]
    assert not np.array_equal(first, second)
    oracle.reset()
    assert np.array_equal(oracle.run(token)[0], first)


def test_number_of_inputs() -> None:
    program = exported(seeded(tiny.ds_cnn_1d), (random(1, 6, 64),))
    with pytest.raises(UsageError, match="has 1 inputs, 0 were given"):
        TorchReference(program, translate(program, "network").outputs).run([])
