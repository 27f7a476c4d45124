# SPDX-License-Identifier: Apache-2.0
"""Keras models, saved as .keras archives or .h5 files, and live ones; Keras itself is not needed for files.

Steps: `archive` (bytes -> configuration and weights; HDF5 is read in a process of its own), `network`
(configuration -> graph; one function per layer in `layers`). Channels are last already, so nothing is transposed.

Import is total. Whatever the bytes, the result is a verified graph with every node supported, or ModelError (the
file is damaged) or UnsupportedError (it is sound, but not for us), within seconds and bounded memory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from milliwatt.errors import ModelError
from milliwatt.importers.keras.archive import read
from milliwatt.importers.keras.network import translate
from milliwatt.importers.request import Request
from milliwatt.ir import Graph

SUFFIXES = (".keras", ".h5", ".hdf5")


def load(data: bytes, name: str, request: Request) -> Graph:
    """The graph of a saved Keras model.

    Args:
        data: the content of the file.
        name: the graph's name.
        request: shapes of inputs that the model leaves open.

    Raises:
        ModelError: the bytes are damaged or no Keras model.
        UnsupportedError: the model uses something that milliwatt does not support.
        UsageError: a shape that the user gave does not fit the model.
        ToolchainError: h5py is not installed.
    """
    try:
        return translate(read(data), name, request)
    except RecursionError as error:
        raise ModelError("the model's configuration is nested too deep") from error


def takes(model: object) -> bool:
    """Whether the object is a Keras model."""
    keras: Any = sys.modules.get("keras")
    return keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model)


def from_object(model: object, example: object, name: str, request: Request) -> Graph:
    """The graph of a live Keras model, which knows its own shapes; it is saved and read back."""
    keras_model: Any = model
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        keras_model.save(path)
        return load(path.read_bytes(), name, request)
