# SPDX-License-Identifier: Apache-2.0
"""Convolutions over one and two axes. One-dimensional data get the height 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from milliwatt.importers.keras.layer import Layer, Translation
from milliwatt.importers.keras.layers.activation import activated
from milliwatt.importers.moving import crop, pad
from milliwatt.ir import AttrValue

Array = npt.NDArray[np.float32]


def image(layer: Layer, value: str) -> str:
    """[N, L, C] as [N, 1, L, C]; images as they are."""
    if layer.rank(value, 3, 4) == 4:
        return value
    batch, length, channels = layer.shape(value)
    return layer.reshape(value, (batch, 1, length, channels))


def line(layer: Layer, value: str, rank: int) -> str:
    """[N, 1, L, C] as [N, L, C] where the data were a line."""
    if rank == 4:
        return value
    batch, _, length, channels = layer.shape(value)
    return layer.reshape(value, (batch, length, channels))


def pair(numbers: tuple[int, ...]) -> tuple[int, int]:
    """(height, width) of one or two spatial axes."""
    return (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def padded(layer: Layer, value: str) -> tuple[str, str]:
    """The data and the padding of TFLite's operator; causal padding stands before the data."""
    padding = str(layer.get("padding", "valid")).lower()
    if padding == "causal":
        size, dilation = layer.integers("kernel_size", 1)[0], layer.integers("dilation_rate", 1, 1)[0]
        amounts = ((0, 0), (0, 0), (dilation * (size - 1), 0), (0, 0))
        return pad(layer.build, value, amounts), "VALID"
    if padding not in ("valid", "same"):
        raise layer.unsupported(f"the padding {padding[:30]}")
    return value, padding.upper()


def _steps(layer: Layer, axes: int) -> dict[str, AttrValue]:
    strides = pair(layer.integers("strides", axes, 1))
    dilations = pair(layer.integers("dilation_rate", axes, 1))
    return {
        "stride_h": strides[0],
        "stride_w": strides[1],
        "dilation_h_factor": dilations[0],
        "dilation_w_factor": dilations[1],
    }


def _bias(layer: Layer, index: int) -> list[str]:
    return [layer.constant(layer.array(index, 1), "bias")] if layer.flag("use_bias", default=True) else []


def _filters(layer: Layer, index: int, rank: int) -> Array:
    """A kernel as [H, W, …]."""
    kernel = layer.array(index, rank)
    return kernel[None] if rank == 3 else kernel


def _convolution(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    data, padding = padded(layer, image(layer, values[0]))
    weights = layer.constant(_filters(layer, 0, rank).transpose(3, 0, 1, 2), "kernel")
    attrs = {**_steps(layer, rank - 2), "padding": padding}
    result = layer.emit("CONV_2D", [data, weights, *_bias(layer, 1)], attrs)
    return activated(layer, line(layer, result, rank), layer.get("activation"))


def _depthwise_filters(kernel: Array) -> Array:
    """[H, W, C, M] as [1, H, W, C * M]."""
    return kernel.reshape(1, *kernel.shape[:2], -1)


def _depthwise_of(layer: Layer, value: str, rank: int, bias: list[str]) -> str:
    data, padding = padded(layer, image(layer, value))
    kernel = _filters(layer, 0, rank)
    attrs = {**_steps(layer, rank - 2), "padding": padding, "depth_multiplier": int(kernel.shape[3])}
    weights = layer.constant(_depthwise_filters(kernel), "depthwise_kernel")
    return layer.emit("DEPTHWISE_CONV_2D", [data, weights, *bias], attrs)


def _depthwise(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    result = _depthwise_of(layer, values[0], rank, _bias(layer, 1))
    return activated(layer, line(layer, result, rank), layer.get("activation"))


def _separable(layer: Layer, values: list[str]) -> str:
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    between = _depthwise_of(layer, values[0], rank, [])
    weights = layer.constant(_filters(layer, 1, rank).transpose(3, 0, 1, 2), "pointwise_kernel")
    result = layer.emit("CONV_2D", [between, weights, *_bias(layer, 2)], {"padding": "VALID"})
    return activated(layer, line(layer, result, rank), layer.get("activation"))


def _transposed(layer: Layer, values: list[str]) -> str:
    """What TensorFlow gives: SAME has extent * stride elements, VALID max(window - stride, 0) more."""
    layer.channels_last()
    rank = layer.rank(values[0], 3, 4)
    if layer.get("output_padding") is not None:
        raise layer.unsupported("output_padding")
    attrs = _steps(layer, rank - 2)
    if attrs.pop("dilation_h_factor") != 1 or attrs.pop("dilation_w_factor") != 1:
        raise layer.unsupported("a dilated transposed convolution")
    data = image(layer, values[0])
    filters = _filters(layer, 0, rank).transpose(2, 0, 1, 3)  # [H, W, O, I] -> [O, H, W, I]
    strides = (int(attrs["stride_h"]), int(attrs["stride_w"]))  # type: ignore[arg-type]
    padding = str(layer.get("padding", "valid")).lower()
    if padding not in ("valid", "same"):
        raise layer.unsupported(f"the padding {padding[:30]}")
    batch, *extents, _ = layer.shape(data)
    extra = [max(size - step, 0) for size, step in zip(filters.shape[1:3], strides, strict=True)]
    whole = [extent * step + more for extent, step, more in zip(extents, strides, extra, strict=True)]
    size = layer.build.integers((batch, *whole, filters.shape[0]), stem="output_shape")
    weights = layer.constant(filters, "kernel")
    result = layer.emit(
        "TRANSPOSE_CONV", [size, weights, data, *_bias(layer, 1)], {**attrs, "padding": "VALID"}
    )
    if padding == "same" and any(extra):
        begin = (0, *(more // 2 for more in extra), 0)
        kept = [extent * step for extent, step in zip(extents, strides, strict=True)]
        result = crop(layer.build, result, begin, (batch, *kept, filters.shape[0]))
    return activated(layer, line(layer, result, rank), layer.get("activation"))


def _ungrouped(translation: Callable[[Layer, list[str]], str]) -> Translation:
    """Refuse groups, except where a layer has none."""

    def checked(layer: Layer, values: list[str]) -> str:
        if layer.get("groups", 1) not in (1, None):
            raise layer.unsupported(
                "a convolution in groups", hint="use DepthwiseConv2D for one group a channel"
            )
        return translation(layer, values)

    return checked


LAYERS: dict[str, Translation] = {
    **dict.fromkeys(("Conv1D", "Conv2D"), _ungrouped(_convolution)),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _separable),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose"), _transposed),
}
