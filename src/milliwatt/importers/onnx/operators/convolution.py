# SPDX-License-Identifier: Apache-2.0
"""Convolutions and transposed convolutions."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.importers.channel_first import convolution
from milliwatt.importers.onnx.site import Result, Site
from milliwatt.importers.transposed_convolution import transposed_convolution
from milliwatt.ir import Shape

Pair = tuple[int, int]


def per_axis(site: Site, name: str, axes: int, default: int) -> tuple[int, ...]:
    """An attribute with one positive number per spatial axis."""
    found = site.integers(name)
    found = (default,) * axes if found is None else found
    if len(found) != axes or any(number < (1 if default else 0) for number in found):
        raise site.damage(f"the attribute {name} of {site.node.op} is {list(found)} for {axes} spatial axes")
    return found


def window_padding(
    site: Site, extents: Shape, *, window: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[Pair, ...]:
    """(before, after) of each spatial axis, from auto_pad or pads."""
    mode, axes = site.text("auto_pad", "NOTSET"), len(extents)
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        amounts = []
        for extent, size, stride, dilation in zip(extents, window, strides, dilations, strict=True):
            total = max(0, (-(-extent // stride) - 1) * stride + (size - 1) * dilation + 1 - extent)
            small = total // 2
            amounts.append((small, total - small) if mode == "SAME_UPPER" else (total - small, small))
        return tuple(amounts)
    if mode == "VALID":
        return ((0, 0),) * axes
    if mode != "NOTSET":
        raise site.damage(f"{site.node.op} has the auto_pad {mode}")
    pads = site.integers("pads")
    pads = (0,) * (2 * axes) if pads is None else pads
    if len(pads) != 2 * axes:
        raise site.damage(f"{site.node.op} has {len(pads)} pads for {axes} spatial axes")
    return tuple(zip(pads[:axes], pads[axes:], strict=True))


def conv(site: Site) -> Result:
    """Conv with filters [out, in / groups, …]."""
    return convolved(site)


def convolved(site: Site) -> str:
    """The convolution of the first two inputs, plus the third."""
    shape, filters = site.shape(0), site.shape(1)
    axes, groups = len(shape) - 2, site.integer("group", 1)
    if axes < 1 or len(filters) != len(shape) or groups < 1 or filters[1] * groups != shape[1]:
        raise site.damage(f"Conv has data {list(shape)} and filters {list(filters)} in {groups} groups")
    strides, dilations = per_axis(site, "strides", axes, 1), per_axis(site, "dilations", axes, 1)
    return convolution(
        site.build,
        site.value(0),
        site.value(1),
        site.optional(2),
        strides=strides,
        padding=window_padding(site, shape[2:], window=filters[2:], strides=strides, dilations=dilations),
        dilations=dilations,
        groups=groups,
    )


def conv_transpose(site: Site) -> Result:
    """ConvTranspose with filters [in, out / groups, …]; output_shape, where given, decides the padding."""
    shape, filters = site.shape(0), site.shape(1)
    axes, groups = len(shape) - 2, site.integer("group", 1)
    if axes < 1 or len(filters) != len(shape) or groups < 1 or filters[0] != shape[1] or shape[1] % groups:
        raise site.damage(
            f"ConvTranspose has data {list(shape)} and filters {list(filters)} in {groups} groups"
        )
    strides, dilations = per_axis(site, "strides", axes, 1), per_axis(site, "dilations", axes, 1)
    extra = per_axis(site, "output_padding", axes, 0)
    reach = [(window - 1) * step + 1 for window, step in zip(filters[2:], dilations, strict=True)]
    covered = [
        (extent - 1) * stride + size + more
        for extent, stride, size, more in zip(shape[2:], strides, reach, extra, strict=True)
    ]
    return transposed_convolution(
        site.build,
        site.value(0),
        site.value(1),
        site.optional(2),
        strides=strides,
        padding=_crop(site, shape[2:], strides, covered),
        dilations=dilations,
        output_padding=extra,
        groups=groups,
    )


def _crop(site: Site, extents: Shape, strides: Sequence[int], covered: Sequence[int]) -> tuple[Pair, ...]:
    mode, wanted = site.text("auto_pad", "NOTSET"), site.integers("output_shape")
    if wanted is not None:
        wanted = wanted[-len(extents) :]
    elif mode in ("SAME_UPPER", "SAME_LOWER"):
        wanted = tuple(extent * stride for extent, stride in zip(extents, strides, strict=True))
    if wanted is None or len(wanted) != len(extents):
        return window_padding(site, extents, window=covered, strides=strides, dilations=covered)
    amounts = []
    for whole, size in zip(covered, wanted, strict=True):
        total = max(whole - size, 0)
        small = total // 2
        # Opposite to Conv: where the total is odd, SAME_UPPER crops more at the beginning's other side.
        before, after = (small, total - small) if mode == "SAME_UPPER" else (total - small, small)
        amounts.append((before, after if whole >= size else whole - size))
    return tuple(amounts)


HANDLERS = {"Conv": conv, "ConvTranspose": conv_transpose}
