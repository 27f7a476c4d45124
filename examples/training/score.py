# SPDX-License-Identifier: Apache-2.0
"""Runs a model file in LiteRT and scores what it gives. Needs no PyTorch: the tests use it too."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

Array = npt.NDArray[Any]


def litert_outputs(model: Path, inputs: Array) -> Array:
    """Outputs of LiteRT's reference kernels, [examples, size], for int8 inputs [examples, *shape]."""
    engine = Interpreter(
        model_path=str(model), num_threads=1, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    engine.allocate_tensors()
    [entry], [result] = engine.get_input_details(), engine.get_output_details()
    rows = []
    for example in inputs:
        engine.set_tensor(entry["index"], example[None])
        engine.invoke()
        rows.append(engine.get_tensor(result["index"]).ravel())
    return np.stack(rows)


def correct(outputs: Array, labels: Array) -> int:
    """How many examples get their label as the first largest output."""
    return int(np.count_nonzero(outputs.argmax(1) == labels))


def squared_error(inputs: Array, outputs: Array) -> Array:
    """Sum of squared differences of each example, in steps of the quantisation that both share."""
    difference = inputs.reshape(len(inputs), -1).astype(np.int64) - outputs.astype(np.int64)
    total: Array = (difference**2).sum(1)
    return total


def roc_auc(scores: Array, labels: Array) -> float:
    """Area under the ROC curve: how often a positive scores above a negative; a tie counts half."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    above = (positive[:, None] > negative[None]).mean()
    return float(above + (positive[:, None] == negative[None]).mean() / 2)


def digest(array: Array) -> str:
    """SHA-256 of an int8 array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(array, np.int8).tobytes()).hexdigest()
