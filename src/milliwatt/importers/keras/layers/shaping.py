# SPDX-License-Identifier: Apache-2.0
"""Layers that move elements, and layers that do nothing once a model is trained."""

from __future__ import annotations

import math

from milliwatt.errors import ModelError
from milliwatt.importers.keras.layer import Layer, Translation
from milliwatt.importers.keras.layers.convolution import image, line
from milliwatt.importers.moving import crop, pad, transpose


def _nothing(layer: Layer, values: list[str]) -> str:
    return values[0]


def _flatten(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    batch, *rest = layer.shape(values[0])
    return layer.reshape(values[0], (batch, math.prod(rest)))


def _reshape(layer: Layer, values: list[str]) -> str:
    target = layer.get("target_shape")
    batch, *rest = layer.shape(values[0])
    if not isinstance(target, list) or not all(isinstance(extent, int) for extent in target):
        raise ModelError("target_shape is damaged", where=layer.where)
    known = math.prod(extent for extent in target if extent != -1)
    if known < 1 or target.count(-1) > 1:
        raise ModelError("target_shape is damaged", where=layer.where)
    return layer.reshape(
        values[0], (batch, *(math.prod(rest) // known if extent == -1 else extent for extent in target))
    )


def _permute(layer: Layer, values: list[str]) -> str:
    rank = len(layer.shape(values[0]))
    order = layer.integers("dims", rank - 1)
    if sorted(order) != list(range(1, rank)):
        raise ModelError("dims is no permutation", where=layer.where)
    return transpose(layer.build, values[0], (0, *order))


def _repeat(layer: Layer, values: list[str]) -> str:
    batch, features = layer.shape(values[0]) if layer.rank(values[0], 2) else (0, 0)
    times = layer.integers("n", 1)[0]
    row = layer.reshape(values[0], (batch, 1, features))
    return layer.emit("TILE", [row, layer.build.integers((1, times, 1), stem="multiples")])


def _amounts(layer: Layer, key: str, axes: int) -> tuple[tuple[int, int], ...]:
    """(before, after) of every spatial axis: one number, one an axis, or two an axis."""
    value = layer.get(key)
    items = [value] * axes if isinstance(value, int) else value
    if axes == 1 and isinstance(items, list | tuple) and len(items) == 2:
        items = [items]
    if not isinstance(items, list | tuple) or len(items) != axes:
        raise ModelError(f"{key} is damaged", where=layer.where)
    pairs = [(item, item) if isinstance(item, int) else tuple(item) for item in items]
    if not all(len(two) == 2 and all(isinstance(n, int) and 0 <= n <= 2**20 for n in two) for two in pairs):
        raise ModelError(f"{key} is damaged", where=layer.where)
    return tuple((two[0], two[1]) for two in pairs)


def _zero_padding(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    return pad(layer.build, values[0], ((0, 0), *_amounts(layer, "padding", rank - 2), (0, 0)))


def _cropping(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    batch, *extents, channels = layer.shape(values[0])
    amounts = _amounts(layer, "cropping", rank - 2)
    size = [extent - sum(two) for extent, two in zip(extents, amounts, strict=True)]
    if min(size) < 1:
        raise ModelError("cropping leaves nothing", where=layer.where)
    begin = (0, *(before for before, _ in amounts), 0)
    return crop(layer.build, values[0], begin, (batch, *size, channels))


def _up_sampling(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    how = layer.get("interpolation", "nearest")
    if how not in ("nearest", "bilinear"):
        raise layer.unsupported(f"the interpolation {str(how)[:30]}")
    factors = layer.integers("size", rank - 2, 2)
    data = image(layer, values[0])
    _, height, width, _ = layer.shape(data)
    down, across = (1, factors[0]) if rank == 3 else factors
    size = layer.build.integers((height * down, width * across), stem="size")
    op = "RESIZE_NEAREST_NEIGHBOR" if how == "nearest" else "RESIZE_BILINEAR"
    attrs = {} if how == "nearest" else {"half_pixel_centers": True}
    return line(layer, layer.emit(op, [data, size], attrs), rank)


LAYERS: dict[str, Translation] = {
    **dict.fromkeys(
        (
            "ActivityRegularization",
            "AlphaDropout",
            "Dropout",
            "GaussianDropout",
            "GaussianNoise",
            "Identity",
            "SpatialDropout1D",
            "SpatialDropout2D",
        ),
        _nothing,
    ),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), _zero_padding),
    **dict.fromkeys(("Cropping1D", "Cropping2D"), _cropping),
    **dict.fromkeys(("UpSampling1D", "UpSampling2D"), _up_sampling),
}
