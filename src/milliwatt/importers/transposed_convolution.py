# SPDX-License-Identifier: Apache-2.0
"""Channel-first transposed convolutions (ONNX's ConvTranspose, PyTorch's conv_transpose) on TRANSPOSE_CONV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from milliwatt.errors import UnsupportedError
from milliwatt.importers.channel_first import Padding, to_channel_first, to_channel_last
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.moving import crop, transpose
from milliwatt.ir import AttrValue


@dataclass(frozen=True)
class _Spread:
    """One axis: what the scattered filters cover, and the part of it that is the result."""

    covered: int
    begin: int
    size: int


def transposed_convolution(
    build: GraphBuilder,
    data: str,
    weights: str,
    bias: str | None,
    *,
    strides: Sequence[int],
    padding: Padding,
    dilations: Sequence[int],
    output_padding: Sequence[int],
    groups: int,
) -> str:
    """A transposed convolution with filters [I, O / groups, …] and bias [O].

    The extent of a spatial axis becomes (extent - 1) * stride + dilation * (window - 1) + 1 + output padding,
    less what the padding crops on either side.

    Raises:
        UnsupportedError: the filters are computed and dilated, or the result has no elements.
    """
    rank = len(build.shape_of(data))
    filters = transpose(build, to_channel_last(build, _dilated(build, weights, dilations)), (3, 1, 2, 0))
    # From [O / groups, H, W, I]: input channels of one group stand together in the data, too.
    image = to_channel_last(build, data)
    line = rank == 3
    spreads = [
        _spread(build, extent, window, stride, amounts, extra)
        for extent, window, stride, amounts, extra in zip(
            build.shape_of(image)[1:3],
            build.shape_of(filters)[1:3],
            (1, *strides) if line else strides,
            ((0, 0), *padding) if line else padding,
            (0, *output_padding) if line else output_padding,
            strict=True,
        )
    ]
    attrs: dict[str, AttrValue] = {
        "padding": "VALID",
        "stride_h": 1 if line else int(strides[0]),
        "stride_w": int(strides[-1]),
    }
    whole = _grouped(build, image, filters, bias, spreads=spreads, attrs=attrs, groups=groups)
    batch, _, _, channels = build.shape_of(whole)
    begin = (0, *(spread.begin for spread in spreads), 0)
    size = (batch, *(spread.size for spread in spreads), channels)
    return to_channel_first(build, crop(build, whole, begin, size), rank)


def _grouped(
    build: GraphBuilder,
    image: str,
    filters: str,
    bias: str | None,
    *,
    spreads: Sequence[_Spread],
    attrs: dict[str, AttrValue],
    groups: int,
) -> str:
    """One TRANSPOSE_CONV, or one per group between SPLIT and CONCATENATION."""
    each = build.shape_of(filters)[0]
    shape = [build.shape_of(image)[0], *(spread.covered for spread in spreads), each]
    wanted = build.integers(shape, stem="output_shape")

    def one(part: str, part_filters: str, part_bias: str | None) -> str:
        inputs = [wanted, part_filters, part] + ([] if part_bias is None else [part_bias])
        return build.node("TRANSPOSE_CONV", inputs, attrs)

    if groups == 1:
        return one(image, filters, bias)
    parts = _split(build, image, groups, axis=3)
    part_filters = _split(build, filters, groups, axis=3)
    biases = [None] * groups if bias is None else list(_split(build, bias, groups, axis=0))
    results = [one(*pieces) for pieces in zip(parts, part_filters, biases, strict=True)]
    return build.node("CONCATENATION", results, {"axis": 3})


def _split(build: GraphBuilder, value: str, parts: int, *, axis: int) -> Sequence[str]:
    array = build.constant_of(value)
    if array is not None and build.type_of(value).quant is None:
        return [build.constant(part, stem=value) for part in np.split(array, parts, axis=axis)]
    index = build.constant(np.array(axis, np.int32), stem="axis")
    dtype = build.type_of(value).dtype
    return build.nodes("SPLIT", [index, value], {"num_splits": parts}, dtype=dtype)


def _spread(
    build: GraphBuilder, extent: int, window: int, stride: int, amounts: tuple[int, int], extra: int
) -> _Spread:
    covered = (extent - 1) * stride + window + extra
    before, after = amounts
    size = covered - before - after
    if size < 1 or before < 0:
        raise UnsupportedError("a transposed convolution crops more than there is", where=build.source)
    # A negative padding behind the data asks for more output, which only the bias reaches.
    return _Spread(max(covered, before + size), before, size)


def _dilated(build: GraphBuilder, weights: str, dilations: Sequence[int]) -> str:
    """The filters with zeros between their taps."""
    if all(step == 1 for step in dilations):
        return weights
    array = build.constant_of(weights)
    if array is None or build.type_of(weights).quant is not None:
        raise UnsupportedError("a dilated transposed convolution needs constant weights", where=build.source)
    extents = [(extent - 1) * step + 1 for extent, step in zip(array.shape[2:], dilations, strict=True)]
    if max(extents) > 4096:
        raise UnsupportedError("the dilated filter is too large", where=build.source)
    spread = np.zeros((*array.shape[:2], *extents), array.dtype)
    spread[(slice(None), slice(None), *(slice(None, None, step) for step in dilations))] = array
    return build.constant(spread, stem=weights)
