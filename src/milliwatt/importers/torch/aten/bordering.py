# SPDX-License-Identifier: Apache-2.0
"""Borders: constant ones, of which negative ones crop, mirrored and circular ones. PyTorch decomposes others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from milliwatt.errors import ModelError
from milliwatt.importers import moving
from milliwatt.importers.torch.site import Site


def amounts_of(site: Site, name: str, rank: int) -> list[tuple[int, int]]:
    """(before, after) for each axis; PyTorch lists them from the last axis to the first."""
    numbers = site.integers(name)
    if len(numbers) % 2 or len(numbers) > 2 * rank:
        raise ModelError(f"{site.node.target} has {len(numbers)} paddings", where=site.where)
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [(0, 0)] * (rank - len(pairs)) + pairs[::-1]


def constant(site: Site) -> str:
    """A border of one number."""
    value = site.value("self")
    amounts = amounts_of(site, "pad", len(site.build.shape_of(value)))
    value = cropped(site, value, amounts)
    positive = [(max(before, 0), max(after, 0)) for before, after in amounts]
    border = site.number("value") if site.has("value") else 0.0
    return moving.pad(site.build, value, positive, border=border)


def cropped(site: Site, value: str, amounts: Sequence[tuple[int, int]]) -> str:
    """The value without what negative amounts take away."""
    begin = [max(-before, 0) for before, _ in amounts]
    shape = site.build.shape_of(value)
    size = [
        extent + min(before, 0) + min(after, 0)
        for extent, (before, after) in zip(shape, amounts, strict=True)
    ]
    return moving.crop(site.build, value, begin, size)


def mirrored(site: Site) -> str:
    """A border that mirrors the tensor without its edge."""
    value = site.value("self")
    amounts = amounts_of(site, "padding", len(site.build.shape_of(value)))
    table = site.build.constant(np.array(amounts, np.int32), stem="padding")
    return site.emit("MIRROR_PAD", [value, table], {"mode": "REFLECT"})


def circular(site: Site) -> str:
    """A border that goes on at the other end."""
    value = site.value("self")
    for axis, (before, after) in enumerate(amounts_of(site, "pad", len(site.build.shape_of(value)))):
        extent = site.build.shape_of(value)[axis]
        parts = [value]
        if before > 0:
            parts.insert(0, site.box(value, axis, extent - before, before))
        if after > 0:
            parts.append(site.box(value, axis, 0, after))
        if min(before, after) < 0:
            raise site.unsupported("a circular border that crops")
        if len(parts) > 1:
            value = site.emit("CONCATENATION", parts, {"axis": axis})
    return value


TABLE = {
    "aten._pad_circular.default": circular,
    "aten.constant_pad_nd.default": constant,
    "aten.reflection_pad1d.default": mirrored,
    "aten.reflection_pad2d.default": mirrored,
}
