# SPDX-License-Identifier: Apache-2.0
"""Pools of one and two spatial axes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from milliwatt.importers import channel_first, moving
from milliwatt.importers.torch.aten.convolution import with_batch
from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType

Pool = Callable[[Site], str]


def windows_of(site: Site, spatial: int) -> channel_first.Pooling:
    """Sizes, strides and paddings of the node; a stride left out is the size."""
    sizes = site.pair("kernel_size", spatial)
    return channel_first.Pooling(
        sizes=sizes,
        strides=site.pair("stride", spatial) if site.integers("stride") else sizes,
        padding=tuple((amount, amount) for amount in site.pair("padding", spatial)),
        ceil_mode=site.flag("ceil_mode"),
    )


def max_pool(spatial: int) -> Pool:
    """The translation of a pool of largest elements."""

    def translated(site: Site) -> str:
        if any(step != 1 for step in site.pair("dilation", spatial)):
            raise site.unsupported("a pool with dilation")
        data = with_batch(site, "self", spatial + 2)
        return site.reshape(
            channel_first.max_pool(site.build, data, windows_of(site, spatial)), site.output_shape
        )

    return translated


def without_indices(pool: Pool) -> Callable[[Site], tuple[str | None, ...]]:
    """A pool that gives the places of its largest elements too, which must not be used."""

    def translated(site: Site) -> tuple[str | None, ...]:
        if site.used_outputs() - {0}:
            raise site.unsupported("the indices of a pool", hint="use only the pool's first result")
        return pool(site), None

    return translated


def average_pool(spatial: int) -> Pool:
    """The translation of a pool of means."""

    def translated(site: Site) -> str:
        data, windows = with_batch(site, "self", spatial + 2), windows_of(site, spatial)
        divisor = site.integer("divisor_override") if site.has("divisor_override") else 0
        if divisor and windows.ceil_mode:
            raise site.unsupported("divisor_override together with ceil_mode")
        if site.flag("count_include_pad") or divisor:
            data = moving.pad(site.build, data, ((0, 0), (0, 0), *windows.padding))
            windows = channel_first.Pooling(
                windows.sizes, windows.strides, ((0, 0),) * spatial, windows.ceil_mode
            )
        result = channel_first.average_pool(site.build, data, windows)
        if divisor:
            factor = site.scalar(math.prod(windows.sizes) / divisor, DType.FLOAT32)
            result = site.emit("MUL", [result, factor])
        return site.reshape(result, site.output_shape)

    return translated


def adaptive_average(spatial: int) -> Pool:
    """The translation of means over as many windows as the result shall have elements."""

    def translated(site: Site) -> str:
        data = with_batch(site, "self", spatial + 2)
        extents, wanted = site.build.shape_of(data)[2:], site.output_shape[-spatial:]
        if set(wanted) == {1}:
            axes = site.build.integers(range(2, 2 + spatial), stem="axes")
            result = site.emit("MEAN", [data, axes], {"keep_dims": True})
        elif (windows := equal_windows(extents, wanted)) is not None:
            result = channel_first.average_pool(site.build, data, windows)
        else:
            result = data
            for axis, count in enumerate(wanted, start=2):
                result = averaged_axis(site, result, axis, count)
        return site.reshape(result, site.output_shape)

    return translated


def adaptive_max(spatial: int) -> Pool:
    """The translation of the largest elements of as many equal windows as the result shall have elements."""

    def translated(site: Site) -> str:
        data = with_batch(site, "self", spatial + 2)
        extents, wanted = site.build.shape_of(data)[2:], site.output_shape[-spatial:]
        windows = equal_windows(extents, wanted)
        if windows is None:
            raise site.unsupported(
                f"windows of different sizes, as {list(wanted)} does not divide {list(extents)}"
            )
        return site.reshape(channel_first.max_pool(site.build, data, windows), site.output_shape)

    return translated


def equal_windows(extents: tuple[int, ...], wanted: tuple[int, ...]) -> channel_first.Pooling | None:
    """Windows side by side, where the result's extents divide the data's."""
    if any(extent % count for extent, count in zip(extents, wanted, strict=True)):
        return None
    sizes = tuple(extent // count for extent, count in zip(extents, wanted, strict=True))
    return channel_first.Pooling(sizes, sizes, ((0, 0),) * len(sizes))


def averaged_axis(site: Site, value: str, axis: int, count: int) -> str:
    """Means over ``count`` windows of one axis, which overlap where they must, as a product with their weights."""
    shape = site.build.shape_of(value)
    extent = shape[axis]
    weights = np.zeros((count, extent), np.float32)
    for index in range(count):
        start, end = index * extent // count, -(-(index + 1) * extent // count)
        weights[index, start:end] = 1.0 / (end - start)
    order = [*(other for other in range(len(shape)) if other != axis), axis]
    rows = site.transpose(value, order)
    filters = site.build.constant(weights, stem="windows")
    means = site.emit("FULLY_CONNECTED", [rows, filters, None], {"keep_num_dims": True})
    return site.transpose(means, [order.index(index) for index in range(len(order))])


TABLE = {
    "aten.max_pool1d.default": max_pool(1),
    "aten.max_pool2d.default": max_pool(2),
    "aten.max_pool2d_with_indices.default": without_indices(max_pool(2)),
    "aten.avg_pool1d.default": average_pool(1),
    "aten.avg_pool2d.default": average_pool(2),
    "aten.adaptive_avg_pool1d.default": adaptive_average(1),
    "aten.adaptive_avg_pool2d.default": adaptive_average(2),
    "aten._adaptive_avg_pool2d.default": adaptive_average(2),
    "aten.adaptive_max_pool1d.default": without_indices(adaptive_max(1)),
    "aten.adaptive_max_pool2d.default": without_indices(adaptive_max(2)),
}
