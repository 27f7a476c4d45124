# SPDX-License-Identifier: Apache-2.0
"""Dense layers, embeddings, and layers that are applied to every step of a sequence."""

from __future__ import annotations

from dataclasses import replace

from milliwatt.importers.keras.layer import Layer, Translation
from milliwatt.importers.keras.layers.activation import activated
from milliwatt.ir import DType


def _dense(layer: Layer, values: list[str]) -> str:
    weights = layer.constant(layer.array(0, 2).T, "kernel")
    bias = [layer.constant(layer.array(1, 1), "bias")] if layer.flag("use_bias", default=True) else []
    rank = len(layer.shape(values[0]))
    result = layer.emit("FULLY_CONNECTED", [values[0], weights, *bias], {"keep_num_dims": rank != 2})
    return activated(layer, result, layer.get("activation"))


def _embedding(layer: Layer, values: list[str]) -> str:
    if layer.flag("mask_zero"):
        raise layer.unsupported(
            "an embedding with mask_zero", hint="the layers behind it see the padding here"
        )
    table = layer.constant(layer.array(0, 2), "embeddings")
    return layer.build.node("GATHER", [table, values[0]], {"axis": 0}, dtype=DType.FLOAT32)


def _time_distributed(layer: Layer, values: list[str]) -> str:
    """A layer on every step: Dense works on the last axis anyway."""
    inner = layer.get("layer", {})
    if not isinstance(inner, dict) or inner.get("class_name") != "Dense":
        raise layer.unsupported("TimeDistributed around anything but Dense")
    return _dense(replace(layer, config=inner.get("config", {})), values)


LAYERS: dict[str, Translation] = {
    "Dense": _dense,
    "Embedding": _embedding,
    "TimeDistributed": _time_distributed,
}
