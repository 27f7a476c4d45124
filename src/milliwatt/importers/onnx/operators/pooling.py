# SPDX-License-Identifier: Apache-2.0
"""Pools over windows, and over everything."""

from __future__ import annotations

from milliwatt.importers.channel_first import (
    Pooling,
    average_pool,
    average_pool_with_zeros,
    max_pool,
    to_channel_first,
    to_channel_last,
)
from milliwatt.importers.onnx.operators.convolution import per_axis, window_padding
from milliwatt.importers.onnx.site import Result, Site


def windows(site: Site) -> Pooling:
    """The windows of a pool."""
    shape = site.shape(0)
    axes = len(shape) - 2
    sizes = site.integers("kernel_shape")
    if axes < 1 or sizes is None or len(sizes) != axes or min(sizes) < 1:
        raise site.damage(f"{site.node.op} has no window that fits its data {list(shape)}")
    strides, dilations = per_axis(site, "strides", axes, 1), per_axis(site, "dilations", axes, 1)
    if any(step != 1 for step in dilations):
        raise site.refusal(f"{site.node.op} with dilations is not supported")
    padding = window_padding(site, shape[2:], window=sizes, strides=strides, dilations=dilations)
    return Pooling(sizes, strides, padding, bool(site.integer("ceil_mode", 0)))


def max_pool_(site: Site) -> Result:
    """MaxPool; the indices of the largest elements are not supported."""
    if any(site.node.outputs[1:]):
        raise site.refusal("MaxPool with an output of indices is not supported")
    return max_pool(site.build, site.value(0), windows(site))


def average_pool_(site: Site) -> Result:
    """AveragePool, with padding that counts or does not."""
    pool = average_pool_with_zeros if site.integer("count_include_pad", 0) else average_pool
    return pool(site.build, site.value(0), windows(site))


def over_space(site: Site, op: str) -> Result:
    """A reduction over all spatial axes, on channel-last data where there are one or two."""
    build, rank = site.build, len(site.shape(0))
    if rank < 3:
        raise site.damage(f"{site.node.op} needs a spatial axis")
    if rank > 4:
        axes = build.integers(range(2, rank), stem="axes")
        return build.node(op, [site.value(0), axes], {"keep_dims": True})
    axes = build.integers((1, 2), stem="axes")
    reduced = build.node(op, [to_channel_last(build, site.value(0)), axes], {"keep_dims": True})
    return to_channel_first(build, reduced, rank)


def global_average_pool(site: Site) -> Result:
    """GlobalAveragePool."""
    return over_space(site, "MEAN")


def global_max_pool(site: Site) -> Result:
    """GlobalMaxPool."""
    return over_space(site, "REDUCE_MAX")


HANDLERS = {
    "AveragePool": average_pool_,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool_,
}
