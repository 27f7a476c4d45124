# SPDX-License-Identifier: Apache-2.0
"""Batch and layer normalisation, fixed normalisation and rescaling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from milliwatt.importers.keras.layer import Layer, Translation

Array = npt.NDArray[np.float64]


def _scaled(layer: Layer, value: str, scale: Array, offset: Array) -> str:
    product = layer.emit("MUL", [value, layer.constant(scale.astype(np.float32), "scale")])
    return layer.emit("ADD", [product, layer.constant(offset.astype(np.float32), "offset")])


def _last_axis(layer: Layer, value: str, key: str = "axis") -> None:
    axis = layer.get(key, -1)
    last = len(layer.shape(value)) - 1
    if axis not in (-1, last, [-1], [last]):
        raise layer.unsupported(f"normalisation along axis {axis}", hint="channels are the last axis")


def _batch(layer: Layer, values: list[str]) -> str:
    """With the statistics of training."""
    _last_axis(layer, values[0])
    arrays = [array.astype(np.float64) for array in layer.arrays]
    gamma = arrays.pop(0) if layer.flag("scale", default=True) and arrays else np.float64(1.0)
    beta = arrays.pop(0) if layer.flag("center", default=True) and arrays else np.float64(0.0)
    if len(arrays) != 2:
        raise layer.unsupported(
            "batch normalisation without statistics", hint="save the model after training"
        )
    scale = gamma / np.sqrt(arrays[1] + layer.number("epsilon", 1e-3))
    return _scaled(layer, values[0], scale, beta - arrays[0] * scale)


def _layer(layer: Layer, values: list[str]) -> str:
    _last_axis(layer, values[0])
    arrays = list(layer.arrays)
    gamma = layer.constant(arrays.pop(0), "gamma") if layer.flag("scale", default=True) and arrays else None
    beta = layer.constant(arrays.pop(0), "beta") if layer.flag("center", default=True) and arrays else None
    attrs = {"axis": len(layer.shape(values[0])) - 1, "epsilon": layer.number("epsilon", 1e-3)}
    return layer.emit("LAYER_NORM", [values[0], gamma, beta], attrs)


def _rescaling(layer: Layer, values: list[str]) -> str:
    scale, offset = layer.number("scale"), layer.number("offset", 0.0)
    return _scaled(layer, values[0], np.float64(scale), np.float64(offset))  # type: ignore[arg-type]


def _normalization(layer: Layer, values: list[str]) -> str:
    """(x - mean) / max(sqrt(variance), 1e-7), of statistics that were adapted or given."""
    _last_axis(layer, values[0])
    if layer.flag("invert"):
        raise layer.unsupported("an inverted normalisation")
    given = layer.get("mean"), layer.get("variance")
    mean, variance = layer.arrays[:2] if given[0] is None and len(layer.arrays) > 1 else given
    if mean is None or variance is None:
        raise layer.unsupported("normalisation without statistics", hint="call adapt() before saving")
    scale = 1.0 / np.maximum(np.sqrt(np.asarray(variance, np.float64)), 1e-7)
    return _scaled(layer, values[0], scale, -np.asarray(mean, np.float64) * scale)


LAYERS: dict[str, Translation] = {
    "BatchNormalization": _batch,
    "LayerNormalization": _layer,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
}
