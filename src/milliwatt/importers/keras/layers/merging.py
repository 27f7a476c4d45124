# SPDX-License-Identifier: Apache-2.0
"""Layers that take several values and make one of them."""

from __future__ import annotations

import functools

from milliwatt.errors import ModelError
from milliwatt.importers.keras.layer import Layer, Translation


def _folded(op: str) -> Translation:
    """Pair by pair from the left."""

    def translation(layer: Layer, values: list[str]) -> str:
        return functools.reduce(lambda left, right: layer.emit(op, [left, right]), values)

    return translation


def _average(layer: Layer, values: list[str]) -> str:
    total = _folded("ADD")(layer, values)
    assert isinstance(total, str)
    return layer.emit("MUL", [total, layer.scalar(1.0 / len(values))])


def _subtract(layer: Layer, values: list[str]) -> str:
    if len(values) != 2:
        raise ModelError("a difference takes two values", where=layer.where)
    return layer.emit("SUB", values)


def _concatenate(layer: Layer, values: list[str]) -> str:
    axis = layer.get("axis", -1)
    if not isinstance(axis, int):
        raise ModelError("the axis is no number", where=layer.where)
    return layer.emit("CONCATENATION", values, {"axis": axis}) if len(values) > 1 else values[0]


LAYERS: dict[str, Translation] = {
    "Add": _folded("ADD"),
    "Multiply": _folded("MUL"),
    "Maximum": _folded("MAXIMUM"),
    "Minimum": _folded("MINIMUM"),
    "Average": _average,
    "Subtract": _subtract,
    "Concatenate": _concatenate,
}
