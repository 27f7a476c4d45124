# SPDX-License-Identifier: Apache-2.0
"""Trains the keyword spotter on speech that espeak-ng synthesises, and writes it as an int8 model.

Needs the train extra (PyTorch) and the program espeak-ng. Run it from anywhere:
python examples/04_keyword/train.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from features import COEFFICIENTS, FRAMES, coefficients
from speech import (
    CLASSES,
    KEYWORDS,
    OTHERS,
    TEST_VARIANTS,
    TRAINING_VARIANTS,
    require_synthesiser,
    say,
    second,
    speaker,
)

from milliwatt.ir import DType, TensorType
from training.files import Example, example_of_command_line
from training.fit import classification_loss, fit, predict, reproducible
from training.layers import Conv, classifier, separable
from training.network import Network
from training.quantise import asymmetric, quantise, to_int8
from training.score import correct

Array = npt.NDArray[Any]

FEATURES = (Conv(24, (10, 4), (2, 2)), *(layer for _ in range(3) for layer in separable(32, (3, 3))))
LAYERS = classifier(FEATURES, classes=len(CLASSES))


def data_set(
    variants: tuple[str, ...], *, words: int, takes: int, random: np.random.Generator
) -> tuple[Array, Array]:
    """Features and labels, as many of each class.

    Args:
        variants: of the speakers.
        words: spoken words per class.
        takes: seconds of sound with the same spoken word, each with other noise, place and level.
        random: the source of all randomness.

    Returns:
        float32 [examples, FRAMES, COEFFICIENTS, 1] and int64 labels, the index in CLASSES.
    """
    features, labels = [], []
    for label, name in enumerate(CLASSES):
        for number in range(words):
            word = name if name in KEYWORDS else OTHERS[number % len(OTHERS)]
            spoken = None if name == "silence" else say(word, speaker(variants, random))
            features += [coefficients(second(spoken, random)) for _ in range(takes)]
            labels += [label] * takes
    return np.stack(features).astype(np.float32)[..., None], np.array(labels)


def main(example: Example) -> None:
    """Synthesise, train, quantise, write. The voices of the test set are not in the training set."""
    require_synthesiser()
    reproducible(seed=1)
    random = np.random.default_rng(1)
    real, train_labels = data_set(TRAINING_VARIANTS, words=120, takes=4, random=random)
    real_test, test_labels = data_set(TEST_VARIANTS, words=16, takes=1, random=random)
    network = Network((FRAMES, COEFFICIENTS, 1), LAYERS)
    fit(network, real, train_labels, loss=classification_loss, epochs=24)
    data = TensorType(DType.INT8, (1, FRAMES, COEFFICIENTS, 1), asymmetric(real.min(), real.max()))
    example.write_model(quantise("keyword", network.float_layers(real[::4]), data=data))
    assert data.quant is not None
    test = to_int8(real_test, data.quant)
    outputs = example.write_test_set(test, test_labels)
    samples = np.arange(0, len(test), len(test) // len(CLASSES))
    example.write_samples(test[samples], test_labels[samples])
    example.write_expected(
        outputs,
        correct=correct(outputs, test_labels),
        correct_float=correct(predict(network, real_test), test_labels),
    )


if __name__ == "__main__":
    main(example_of_command_line(Path(__file__), "keyword"))
