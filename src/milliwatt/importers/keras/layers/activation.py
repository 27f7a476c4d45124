# SPDX-License-Identifier: Apache-2.0
"""Activations, as layers and as the ``activation`` of other layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from milliwatt.importers.keras.layer import Layer, Translation
from milliwatt.importers.scalars import limited

_PLAIN = {
    "relu": "RELU",
    "relu6": "RELU6",
    "sigmoid": "LOGISTIC",
    "tanh": "TANH",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SILU",
    "swish": "SILU",
    "exponential": "EXP",
    "log_softmax": "LOG_SOFTMAX",
    "hard_silu": "HARD_SWISH",
    "hard_swish": "HARD_SWISH",
}


def activated(layer: Layer, value: str, name: object) -> str:
    """A value behind an activation.

    Raises:
        UnsupportedError: the activation is not supported.
    """
    if isinstance(name, Mapping):
        config = name.get("config")
        name = config if isinstance(config, str) else name.get("class_name")
    text = "linear" if name is None else str(name).lower()
    if text == "linear":
        return value
    if text in _PLAIN:
        return layer.emit(_PLAIN[text], [value])
    special: dict[str, Callable[[Layer, str], str]] = {
        "softmax": _softmax,
        "leaky_relu": lambda place, data: place.emit("LEAKY_RELU", [data], {"alpha": 0.2}),
        "hard_sigmoid": _hard_sigmoid,
        "softsign": _softsign,
        "softplus": _softplus,
    }
    if text not in special:
        raise layer.unsupported(f"the activation {text[:60]}")
    return special[text](layer, value)


def _softmax(layer: Layer, value: str) -> str:
    return layer.emit("SOFTMAX", [value], {"beta": 1.0})


def _hard_sigmoid(layer: Layer, value: str) -> str:
    """Keras 3 has relu6(x + 3) / 6, Keras 2 the older 0.2 x + 0.5 between 0 and 1."""
    slope = 1 / 6 if layer.major >= 3 else 0.2
    return layer.emit("HARD_SIGMOID", [value], {"alpha": slope, "beta": 0.5})


def _softsign(layer: Layer, value: str) -> str:
    below = layer.emit("ADD", [layer.emit("ABS", [value]), layer.scalar(1.0)])
    return layer.emit("DIV", [value, below])


def _softplus(layer: Layer, value: str) -> str:
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which does not overflow."""
    small = layer.emit("EXP", [layer.emit("NEG", [layer.emit("ABS", [value])])])
    rest = layer.emit("LOG", [layer.emit("ADD", [small, layer.scalar(1.0)])])
    return layer.emit("ADD", [layer.emit("RELU", [value]), rest])


def _activation(layer: Layer, values: list[str]) -> str:
    return activated(layer, values[0], layer.get("activation"))


def _relu(layer: Layer, values: list[str]) -> str:
    slope, threshold = layer.number("negative_slope", 0.0), layer.number("threshold", 0.0)
    limit = layer.get("max_value")
    if threshold:
        raise layer.unsupported("a ReLU with a threshold")
    top = math.inf if limit is None else layer.number("max_value")
    if slope:
        value = layer.emit("LEAKY_RELU", [values[0]], {"alpha": slope})
        return limited(layer.build, value, -math.inf, top)
    return limited(layer.build, values[0], 0.0, top) if top < math.inf else layer.emit("RELU", [values[0]])


def _leaky(layer: Layer, values: list[str]) -> str:
    key = "negative_slope" if "negative_slope" in layer.config else "alpha"
    return layer.emit("LEAKY_RELU", [values[0]], {"alpha": layer.number(key, 0.3)})


def _prelu(layer: Layer, values: list[str]) -> str:
    slopes = layer.array(0)
    return layer.emit("PRELU", [values[0], layer.constant(np.broadcast_to(slopes, slopes.shape), "slopes")])


def _elu(layer: Layer, values: list[str]) -> str:
    if layer.number("alpha", 1.0) != 1.0:
        raise layer.unsupported("an ELU whose alpha is not 1")
    return layer.emit("ELU", [values[0]])


def _softmax_layer(layer: Layer, values: list[str]) -> str:
    axis = layer.get("axis", -1)
    rank = len(layer.shape(values[0]))
    if axis not in (-1, rank - 1, [-1], [rank - 1]):
        raise layer.unsupported(f"softmax along axis {axis}")
    return _softmax(layer, values[0])


LAYERS: dict[str, Translation] = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "PReLU": _prelu,
    "ELU": _elu,
    "Softmax": _softmax_layer,
}
