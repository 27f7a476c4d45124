# SPDX-License-Identifier: Apache-2.0
"""Keras itself, with what every layer gives."""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ToolchainError
from milliwatt.importers.keras import takes
from milliwatt.ir import Graph
from milliwatt.verification import Oracle

Array = npt.NDArray[Any]

SUFFIXES = (".keras", ".h5", ".hdf5")

__all__ = ["SUFFIXES", "of_file", "of_object", "takes"]


class Keras:
    """A model in Keras.

    Args:
        model: a keras.Model.
        graph: what was imported from it; its outputs stand in the model's order.
    """

    name = "keras"
    exact = False

    def __init__(self, model: Any, graph: Graph) -> None:
        framework = _keras()
        kinds = graph.values
        shown = {layer.name: layer.output for layer in model.layers if layer.name in kinds and _single(layer)}
        self._names = [*graph.outputs, *shown]
        self._shapes = {name: kinds[name].shape for name in self._names}
        self._model = framework.Model(model.inputs, [*model.outputs, *shown.values()])

    def tensors(self, inputs: list[Array]) -> Mapping[str, Array]:
        """Run the model once: its outputs, and the output of every layer by the layer's name."""
        found = self._model.predict_on_batch(list(inputs))
        arrays = [np.asarray(array) for array in (found if isinstance(found, list) else [found])]
        return {
            name: array
            for name, array in zip(self._names, arrays, strict=True)
            if array.shape == self._shapes[name]
        }


def of_file(path: Path, graph: Graph) -> Oracle:
    """See `milliwatt.oracles`."""
    framework = _keras()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = framework.models.load_model(
                path, compile=False, custom_objects={"DepthwiseConv2D": _depthwise()}
            )
    except (ValueError, TypeError, KeyError, OSError, AttributeError) as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ToolchainError(f"Keras refused to load the model: {text[:200]}") from error
    return Keras(model, graph)


def of_object(model: object, example: object, graph: Graph) -> Oracle:
    """See `milliwatt.oracles`."""
    return Keras(model, graph)


def _single(layer: Any) -> bool:
    """Whether the layer is called once and gives one value; others have no output of their own."""
    return len(getattr(layer, "_inbound_nodes", ())) == 1 and not isinstance(layer.output, list | tuple)


@functools.cache
def _keras() -> Any:
    """The module keras; on PyTorch where nothing else is asked for and TensorFlow is not there."""
    if importlib.util.find_spec("tensorflow") is None:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        import keras
    except ImportError as error:
        raise ToolchainError(
            f"comparing with Keras needs {error.name}", hint="pip install 'keras>=3.6' torch"
        ) from error
    return keras


@functools.cache
def _depthwise() -> Any:
    """DepthwiseConv2D as Keras 2 saved it: with an argument that Keras 3 does not know."""
    framework = _keras()

    class DepthwiseConv2D(framework.layers.DepthwiseConv2D):  # type: ignore[misc,name-defined]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            if options.get("groups") == 1:
                del options["groups"]
            super().__init__(*arguments, **options)

    return DepthwiseConv2D
