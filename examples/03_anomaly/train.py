# SPDX-License-Identifier: Apache-2.0
"""Trains the anomaly detector, an autoencoder of a fan's spectra, and writes it as an int8 model.

Needs the train extra (PyTorch). Run it from anywhere: python examples/03_anomaly/train.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from spectra import BANDS, anomalous, normal

from milliwatt.ir import DType, Quant, TensorType
from training.files import Example, example_of_command_line
from training.fit import fit, predict, reproducible
from training.layers import Dense
from training.network import Network
from training.quantise import quantise
from training.score import litert_outputs, roc_auc, squared_error

LAYERS = (*(Dense(units, hidden=True) for units in (64, 32, 8, 32, 64)), Dense(BANDS))
# Levels in half decibels go into the model as they are; 16 of them, 8 dB, are 1.0. What comes out has the
# same scale, so that a firmware takes the difference in integers.
SCALE = 1 / 16
LEVELS = TensorType(DType.INT8, (1, BANDS), Quant((SCALE,), (0,)))


def main(example: Example) -> None:
    """Synthesise, train on normal spectra alone, quantise, choose the threshold, write."""
    reproducible(seed=1)
    random = np.random.default_rng(1)
    train, held_out = normal(6000, random), normal(1000, random)
    test = np.concatenate([normal(160, random), anomalous(160, random)])
    labels = np.repeat([0, 1], 160)
    real, real_test = (array.astype(np.float32) * np.float32(SCALE) for array in (train, test))
    network = Network(LEVELS.shape[1:], LAYERS)
    fit(network, real, real, loss=torch.nn.functional.mse_loss, epochs=40)
    graph = quantise("anomaly", network.float_layers(real), data=LEVELS, output=LEVELS.quant)
    example.write_model(graph)
    outputs = example.write_test_set(test, labels)
    errors = squared_error(test, outputs)
    threshold = _threshold(example.model, held_out)
    samples = np.r_[0:2, 160:164]
    example.write_samples(test[samples], labels[samples], threshold=threshold)
    float_errors = ((predict(network, real_test) - real_test) ** 2).sum(1)
    example.write_expected(
        outputs,
        auc=round(roc_auc(errors, labels), 4),
        auc_float=round(roc_auc(float_errors, labels), 4),
        threshold=threshold,
        false_alarms=int((errors[labels == 0] > threshold).sum()),
        detected=int((errors[labels == 1] > threshold).sum()),
    )


def _threshold(model: Path, held_out: npt.NDArray[np.int8]) -> int:
    """The squared error that one in a hundred normal spectra exceeds."""
    return int(np.quantile(squared_error(held_out, litert_outputs(model, held_out)), 0.99))


if __name__ == "__main__":
    main(example_of_command_line(Path(__file__), "anomaly"))
