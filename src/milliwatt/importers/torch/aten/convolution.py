# SPDX-License-Identifier: Apache-2.0
"""Convolutions and transposed convolutions of one and two spatial axes."""

from __future__ import annotations

from collections.abc import Callable

from milliwatt.errors import ModelError
from milliwatt.importers import channel_first
from milliwatt.importers.torch.site import Site
from milliwatt.importers.transposed_convolution import transposed_convolution


def with_batch(site: Site, name: str, rank: int) -> str:
    """A tensor argument with a batch of 1 in front, where PyTorch lets it be left out."""
    value = site.value(name)
    shape = site.build.shape_of(value)
    return site.reshape(value, (1, *shape)) if len(shape) == rank - 1 else value


def forward(site: Site) -> str:
    """A convolution with padding in numbers or in words."""
    weights = site.value("weight")
    rank = len(site.build.shape_of(weights))
    spatial = rank - 2
    result = channel_first.convolution(
        site.build,
        with_batch(site, "input", rank),
        weights,
        site.optional("bias"),
        strides=site.pair("stride", spatial),
        padding=padding_of(site, site.build.shape_of(weights)[2:]),
        dilations=site.pair("dilation", spatial),
        groups=site.integer("groups"),
    )
    return site.reshape(result, site.output_shape)


def padding_of(site: Site, windows: tuple[int, ...]) -> list[tuple[int, int]]:
    """(before, after) per spatial axis."""
    padding = site.arguments["padding"]
    if padding == "valid":
        return [(0, 0)] * len(windows)
    if padding == "same":
        dilations = site.pair("dilation", len(windows))
        totals = [step * (window - 1) for step, window in zip(dilations, windows, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]
    if isinstance(padding, str):
        raise ModelError(f'{site.node.target} has the padding "{padding}"', where=site.where)
    return [(amount, amount) for amount in site.pair("padding", len(windows))]


def backward(site: Site) -> str:
    """A transposed convolution."""
    weights = site.value("weight")
    rank = len(site.build.shape_of(weights))
    spatial = rank - 2
    result = transposed_convolution(
        site.build,
        with_batch(site, "input", rank),
        weights,
        site.optional("bias"),
        strides=site.pair("stride", spatial),
        padding=[(amount, amount) for amount in site.pair("padding", spatial)],
        dilations=site.pair("dilation", spatial),
        output_padding=site.pair("output_padding", spatial),
        groups=site.integer("groups"),
    )
    return site.reshape(result, site.output_shape)


def either(site: Site) -> str:
    """Core ATen's convolution, of which a flag says whether it is transposed."""
    return backward(site) if site.flag("transposed") else forward(site)


TABLE: dict[str, Callable[[Site], str]] = {
    **{f"aten.conv{axes}d.{form}": forward for axes in (1, 2, 3) for form in ("default", "padding")},
    "aten.conv_transpose1d.default": backward,
    "aten.conv_transpose2d.input": backward,
    "aten.convolution.default": either,
}
