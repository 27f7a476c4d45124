# SPDX-License-Identifier: Apache-2.0
"""Trains the digit classifier on scikit-learn's 8x8 digits and writes it as an int8 model.

Needs the train extra (PyTorch and scikit-learn). Run it from anywhere: python examples/01_digits/train.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from milliwatt.ir import DType, Quant, TensorType
from training.files import Example, example_of_command_line
from training.fit import classification_loss, fit, predict, reproducible
from training.layers import Conv, classifier, separable
from training.network import Network
from training.quantise import quantise
from training.score import correct

LAYERS = classifier(
    (Conv(16, (3, 3)), *separable(32, (3, 3), (2, 2)), *separable(48, (3, 3)), *separable(48, (3, 3))),
    classes=10,
)
# Pixels are whole numbers of 0 to 16 and go into the model as they are: real = value / 16.
PIXELS = TensorType(DType.INT8, (1, 8, 8, 1), Quant((1 / 16,), (0,)))


def shifted(images: torch.Tensor) -> torch.Tensor:
    """Each image moved by up to one pixel in each direction."""
    padded = torch.nn.functional.pad(images, (0, 0, 1, 1, 1, 1))
    moves = torch.randint(0, 3, (len(images), 2)).tolist()
    pairs = zip(padded, moves, strict=True)
    return torch.stack([image[row : row + 8, column : column + 8] for image, (row, column) in pairs])


def main(example: Example) -> None:
    """Train, quantise, write."""
    reproducible(seed=1)
    digits = load_digits()
    pixels = digits.images.astype(np.int8)[..., None]
    train, test, train_labels, test_labels = train_test_split(
        pixels, digits.target, test_size=360, random_state=0, stratify=digits.target
    )
    real, real_test = (array.astype(np.float32) / 16 for array in (train, test))
    network = Network(PIXELS.shape[1:], LAYERS)
    fit(network, real, train_labels, loss=classification_loss, epochs=60, augment=shifted)
    example.write_model(quantise("digits", network.float_layers(real), data=PIXELS))
    outputs = example.write_test_set(test, test_labels)
    example.write_samples(test[:4], test_labels[:4])
    example.write_expected(
        outputs,
        correct=correct(outputs, test_labels),
        correct_float=correct(predict(network, real_test), test_labels),
    )


if __name__ == "__main__":
    main(example_of_command_line(Path(__file__), "digits"))
