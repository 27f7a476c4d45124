# SPDX-License-Identifier: Apache-2.0
"""Trains the vibration classifier on synthesised bearing signals and writes it as an int8 model.

Needs the train extra (PyTorch). Run it from anywhere: python examples/02_vibration/train.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signals import CONDITIONS, STEPS_PER_G, WINDOW, data_set

from milliwatt.ir import DType, Quant, TensorType
from training.files import Example, example_of_command_line
from training.fit import classification_loss, fit, predict, reproducible
from training.layers import Conv, classifier, separable
from training.network import Network
from training.quantise import quantise
from training.score import correct

FEATURES = (
    Conv(16, (16, 1), (4, 1)),
    *separable(24, (9, 1), (2, 1)),
    *separable(32, (9, 1), (2, 1)),
    *separable(32, (5, 1)),
)
LAYERS = classifier(FEATURES, classes=len(CONDITIONS))
# The accelerometer's samples go into the model as they are: real = value / 64, in g.
SAMPLES = TensorType(DType.INT8, (1, WINDOW, 1, 1), Quant((1 / STEPS_PER_G,), (0,)))


def main(example: Example) -> None:
    """Synthesise, train, quantise, write. The machines of the test set are not in the training set."""
    reproducible(seed=1)
    random = np.random.default_rng(1)
    train, train_labels = data_set(machines=240, windows=8, random=random)
    test, test_labels = data_set(machines=48, windows=1, random=random)
    real, real_test = (array.astype(np.float32) / STEPS_PER_G for array in (train, test))
    network = Network(SAMPLES.shape[1:], LAYERS)
    fit(network, real, train_labels, loss=classification_loss, epochs=30)
    example.write_model(quantise("vibration", network.float_layers(real[::4]), data=SAMPLES))
    outputs = example.write_test_set(test, test_labels)
    example.write_samples(test[:4], test_labels[:4])
    example.write_expected(
        outputs,
        correct=correct(outputs, test_labels),
        correct_float=correct(predict(network, real_test), test_labels),
    )


if __name__ == "__main__":
    main(example_of_command_line(Path(__file__), "vibration"))
