# SPDX-License-Identifier: Apache-2.0
"""Channel-first operators (ONNX, PyTorch) on the channel-last operators of the IR.

Data are [batch, channels, length] or [batch, channels, height, width]. Every function transposes its data to
NHWC, appends the IR's operator and transposes the result back; a one-dimensional operator gets the height 1.
Weights are transposed at import. What is transposed back and forth between two operators cancels in the passes.

Sequences of sizes, strides, dilations and paddings have one entry per spatial axis, outermost first; a padding
is (before, after).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from milliwatt.errors import UnsupportedError
from milliwatt.importers.graph_builder import GraphBuilder
from milliwatt.importers.moving import pad, reshape, transpose
from milliwatt.ir import AttrValue, Shape

Padding = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Pooling:
    """The windows of a pool.

    Attributes:
        sizes, strides: per spatial axis.
        padding: (before, after) per spatial axis.
        ceil_mode: whether a last window that begins inside, but ends behind the padding, counts.
    """

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    ceil_mode: bool = False


def to_channel_last(build: GraphBuilder, value: str) -> str:
    """[N, C, H, W] or [N, C, L] as [N, H, W, C], with H = 1 for the latter.

    Raises:
        UnsupportedError: there are other than one or two spatial axes.
    """
    shape = build.shape_of(value)
    if len(shape) == 3:
        moved = transpose(build, value, (0, 2, 1))
        return reshape(build, moved, (shape[0], 1, shape[2], shape[1]))
    if len(shape) == 4:
        return transpose(build, value, (0, 2, 3, 1))
    raise UnsupportedError(
        f"an operator works on {len(shape) - 2} spatial axes; one and two are supported", where=build.source
    )


def to_channel_first(build: GraphBuilder, value: str, rank: int) -> str:
    """[N, H, W, C] as [N, C, H, W], or as [N, C, L] for rank 3."""
    if rank == 4:
        return transpose(build, value, (0, 3, 1, 2))
    batch, _, length, channels = build.shape_of(value)
    return transpose(build, reshape(build, value, (batch, length, channels)), (0, 2, 1))


def filters_channel_last(build: GraphBuilder, weights: str) -> str:
    """Filters [O, I, H, W] or [O, I, L] as [O, H, W, I], with H = 1 for the latter."""
    return to_channel_last(build, weights)


def convolution(
    build: GraphBuilder,
    data: str,
    weights: str,
    bias: str | None,
    *,
    strides: Sequence[int],
    padding: Padding,
    dilations: Sequence[int],
    groups: int,
) -> str:
    """A convolution with filters [O, I / groups, …] and bias [O]; one group per channel becomes depthwise.

    Raises:
        UnsupportedError: a padding is negative, or there are other than one or two spatial axes.
    """
    rank, channels = len(build.shape_of(data)), build.shape_of(data)[1]
    attrs: dict[str, AttrValue] = {
        **_steps(strides),
        **_padding(build, padding),
        "dilation_h_factor": _pair(dilations)[0],
        "dilation_w_factor": _pair(dilations)[1],
    }
    filters = filters_channel_last(build, weights)
    op = "CONV_2D"
    if groups > 1 and groups == channels:
        op = "DEPTHWISE_CONV_2D"
        filters = transpose(build, filters, (3, 1, 2, 0))
        attrs["depth_multiplier"] = build.shape_of(filters)[3] // channels
    inputs = [to_channel_last(build, data), filters] + ([] if bias is None else [bias])
    return to_channel_first(build, build.node(op, inputs, attrs), rank)


def max_pool(build: GraphBuilder, data: str, windows: Pooling) -> str:
    """The largest element of every window; padding never wins."""
    return _pool(build, "MAX_POOL_2D", data, windows)


def average_pool(build: GraphBuilder, data: str, windows: Pooling) -> str:
    """The mean of the elements of every window that are not padding."""
    return _pool(build, "AVERAGE_POOL_2D", data, windows)


def average_pool_with_zeros(build: GraphBuilder, data: str, windows: Pooling) -> str:
    """The mean of every window, in which zeros of the padding count, but not what ceil_mode adds behind them."""
    whole = _final_padding(windows, build.shape_of(data)[2:])
    counted = [
        (before, min(after, last)) for (before, after), (_, last) in zip(windows.padding, whole, strict=True)
    ]
    added = tuple((0, last - after) for (_, last), (_, after) in zip(whole, counted, strict=True))
    padded = pad(build, data, ((0, 0), (0, 0), *counted))
    return average_pool(build, padded, Pooling(windows.sizes, windows.strides, added))


def scale_and_offset(build: GraphBuilder, data: str, scale: np.ndarray, offset: np.ndarray) -> str:
    """data * scale + offset per channel, both float32 [C]: batch normalisation with its statistics folded."""
    rank = len(build.shape_of(data))
    channel_last = to_channel_last(build, data) if rank > 2 else data
    scaled = build.node("MUL", [channel_last, build.constant(scale.astype(np.float32), stem="scale")])
    moved = build.node("ADD", [scaled, build.constant(offset.astype(np.float32), stem="offset")])
    return to_channel_first(build, moved, rank) if rank > 2 else moved


def _pool(build: GraphBuilder, op: str, data: str, windows: Pooling) -> str:
    shape = build.shape_of(data)
    padding = _final_padding(windows, shape[2:])
    height, width = _pair(windows.sizes)
    attrs = {"filter_height": height, "filter_width": width, **_steps(windows.strides)}
    attrs |= _padding(build, padding)
    pooled = build.node(op, [to_channel_last(build, data)], attrs, quant=build.type_of(data).quant)
    return to_channel_first(build, pooled, len(shape))


def _final_padding(windows: Pooling, extents: Shape) -> Padding:
    """The padding that gives the number of windows that ceil_mode asks for."""
    if not windows.ceil_mode:
        return windows.padding
    steps = zip(extents, windows.sizes, windows.strides, windows.padding, strict=True)
    return [_with_last_window(*step) for step in steps]


def _with_last_window(extent: int, window: int, stride: int, amounts: tuple[int, int]) -> tuple[int, int]:
    """The padding that lets the last window in, if it begins inside the data or the padding before them."""
    before, after = amounts
    if stride < 1 or min(amounts) < 0:
        return amounts
    count = -(-(extent + before + after - window) // stride) + 1
    if (count - 1) * stride >= extent + before:
        count -= 1
    return before, max(0, (count - 1) * stride + window - extent - before)


def _pair(numbers: Sequence[int]) -> tuple[int, int]:
    """(height, width) of one or two spatial axes."""
    return (1, int(numbers[0])) if len(numbers) == 1 else (int(numbers[0]), int(numbers[1]))


def _steps(strides: Sequence[int]) -> dict[str, AttrValue]:
    down, across = _pair(strides)
    return {"stride_h": down, "stride_w": across}


def _padding(build: GraphBuilder, padding: Padding) -> dict[str, AttrValue]:
    amounts: Shape = tuple(int(amount) for axis in padding for amount in axis)
    if any(amount < 0 for amount in amounts):
        raise UnsupportedError(f"the padding {list(amounts)} is negative", where=build.source)
    if not any(amounts):
        return {"padding": "VALID"}
    return {"padding": "VALID", "explicit_padding": (0, 0, *amounts) if len(amounts) == 2 else amounts}
