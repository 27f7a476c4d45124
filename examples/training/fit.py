# SPDX-License-Identifier: Apache-2.0
"""Trains a network, the same way for every example: Adam, one cycle of the learning rate, one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from training.network import Network

Array = npt.NDArray[Any]
Loss = Callable[[Tensor, Tensor], Tensor]


def classification_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with a little label smoothing, which keeps the range of the scores small."""
    return torch.nn.functional.cross_entropy(scores, labels, label_smoothing=0.05)


def reproducible(seed: int) -> None:
    """Make PyTorch's results depend on the seed alone (on one processor type and one version)."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def fit(
    network: Network,
    data: Array,
    target: Array,
    *,
    loss: Loss,
    epochs: int,
    batch: int = 64,
    rate: float = 0.01,
    augment: Callable[[Tensor], Tensor] | None = None,
) -> None:
    """Train in place.

    Args:
        network: the network.
        data: [examples, *shape] float32.
        target: what the loss compares with, one row per example.
        loss: of the network's output and the target.
        epochs: passes over the data.
        batch: examples per step.
        rate: the largest learning rate.
        augment: changes a batch of data at random before it is used.
    """
    inputs, targets = torch.from_numpy(data), torch.from_numpy(target)
    steps = len(inputs) // batch
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * steps)
    network.train()
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for step in range(steps):
            chosen = order[step * batch : (step + 1) * batch]
            examples = inputs[chosen] if augment is None else augment(inputs[chosen])
            optimiser.zero_grad()
            loss(network(examples), targets[chosen]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    network.eval()


def predict(network: Network, data: Array) -> Array:
    """What the float network gives for [examples, *shape] float32."""
    network.eval()
    with torch.no_grad():
        outputs: Array = network(torch.from_numpy(data)).numpy()
    return outputs
