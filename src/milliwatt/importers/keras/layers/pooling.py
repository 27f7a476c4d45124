# SPDX-License-Identifier: Apache-2.0
"""Pools over windows and over whole axes."""

from __future__ import annotations

from milliwatt.importers.keras.layer import Layer, Translation
from milliwatt.importers.keras.layers.convolution import image, line, pair
from milliwatt.ir import AttrValue


def _pool(op: str) -> Translation:
    def translation(layer: Layer, values: list[str]) -> str:
        layer.channels_last()
        rank = layer.rank(values[0], 3, 4)
        height, width = pair(layer.integers("pool_size", rank - 2, 2))
        strided = layer.get("strides") is not None
        down, across = pair(layer.integers("strides" if strided else "pool_size", rank - 2, 2))
        padding = str(layer.get("padding", "valid")).upper()
        if padding not in ("VALID", "SAME"):
            raise layer.unsupported(f"the padding {padding[:30].lower()}")
        attrs: dict[str, AttrValue] = {
            "filter_height": height,
            "filter_width": width,
            "stride_h": down,
            "stride_w": across,
            "padding": padding,
        }
        return line(layer, layer.emit(op, [image(layer, values[0])], attrs), rank)

    return translation


def _whole(op: str) -> Translation:
    """Over all spatial axes."""

    def translation(layer: Layer, values: list[str]) -> str:
        layer.channels_last()
        rank = layer.rank(values[0], 3, 4)
        axes = layer.build.integers(range(1, rank - 1), stem="axes")
        return layer.emit(op, [values[0], axes], {"keep_dims": layer.flag("keepdims")})

    return translation


LAYERS: dict[str, Translation] = {
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D"), _pool("MAX_POOL_2D")),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D"), _pool("AVERAGE_POOL_2D")),
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalAveragePooling2D"), _whole("MEAN")),
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalMaxPooling2D"), _whole("REDUCE_MAX")),
}
