# SPDX-License-Identifier: Apache-2.0
"""Tensors of which a part is replaced."""

from __future__ import annotations

import numpy as np

from milliwatt.importers.torch.aten.indexing import wrapped
from milliwatt.importers.torch.aten.slicing import bounds
from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType


def slice_scatter(site: Site) -> str:
    """``src`` in the place of a slice of one axis."""
    axis, value, source = site.axis(), site.value("self"), site.value("src")
    extent = site.shape("self")[axis]
    start, end, step = bounds(site, extent)
    if step == 1:
        return between(site, value, source, axis, start)
    places = np.arange(start, end, step)
    # Each index of the axis comes from one of both, laid side by side.
    order = np.arange(extent)
    order[places] = extent + np.arange(places.size)
    both = site.emit("CONCATENATION", [value, source], {"axis": axis})
    return site.emit("GATHER", [both, site.build.integers(order, stem="order")], {"axis": axis})


def select_scatter(site: Site) -> str:
    """``src`` in the place of one index of an axis."""
    axis, shape = site.axis(), site.shape("self")
    index = site.integer("index") % shape[axis]
    source = site.reshape(site.value("src"), (*shape[:axis], 1, *shape[axis + 1 :]))
    return between(site, site.value("self"), source, axis, index)


def between(site: Site, value: str, source: str, axis: int, start: int) -> str:
    """The value with ``source`` from index ``start`` of the axis on."""
    extent, end = site.build.shape_of(value)[axis], start + site.build.shape_of(source)[axis]
    parts = [source]
    if start > 0:
        parts.insert(0, site.box(value, axis, 0, start))
    if end < extent:
        parts.append(site.box(value, axis, end, extent - end))
    return source if len(parts) == 1 else site.emit("CONCATENATION", parts, {"axis": axis})


def index_copy(site: Site) -> str:
    """``source`` at the places along an axis that an index names."""
    return at_index(site, site.value("self"), site.axis(), site.value("index"), site.value("source"))


def index_put(site: Site) -> str:
    """``values`` at one computed index of one axis."""
    entries = list(site.arguments["indices"])
    places = [place for place, entry in enumerate(entries) if entry is not None]
    if len(places) != 1 or site.flag("accumulate"):
        raise site.unsupported("values at indices of several axes, or added up")
    axis, shape = places[0], site.shape("self")
    if site.build.type_of(site.value_of(entries[axis])).dtype is DType.BOOL:
        raise site.unsupported("a mask as an index", hint="use torch.where")
    index = wrapped(site, entries[axis], shape[axis])
    count = int(np.prod(site.build.shape_of(index)))
    wanted = (*shape[:axis], *site.build.shape_of(index), *shape[axis + 1 :])
    source = site.value("values")
    if site.build.shape_of(source) != wanted:
        source = site.emit("BROADCAST_TO", [source, site.build.integers(wanted, stem="shape")])
    source = site.reshape(source, (*shape[:axis], count, *shape[axis + 1 :]))
    return at_index(site, site.value("self"), axis, site.reshape(index, (count,)), source)


def at_index(site: Site, value: str, axis: int, index: str, source: str) -> str:
    """The value with slices of ``source`` at the places that a vector of indices names; a later one wins."""
    count = site.build.shape_of(source)[axis]
    extent = site.build.shape_of(value)[axis]
    places = site.build.constant_of(index)
    numbers = site.reshape(index, (count,))
    for number in range(count):
        part = site.box(source, axis, number, 1)
        if places is not None:
            value = between(site, value, part, axis, int(places.reshape(-1)[number]) % extent)
        else:
            value = at_one_index(site, value, axis, site.box(numbers, 0, number, 1), part)
    return value


def at_one_index(site: Site, value: str, axis: int, index: str, source: str) -> str:
    """The value with ``source`` at one computed index: a vector of one integer."""
    kind, rank = site.build.type_of(index).dtype, len(site.build.shape_of(value))
    parts = [index]
    if axis > 0:
        parts.insert(0, site.build.constant(np.zeros(axis, kind.numpy), stem="zeros"))
    if axis < rank - 1:
        parts.append(site.build.constant(np.zeros(rank - axis - 1, kind.numpy), stem="zeros"))
    starts = index if len(parts) == 1 else site.emit("CONCATENATION", parts, {"axis": 0}, dtype=kind)
    return site.emit("DYNAMIC_UPDATE_SLICE", [value, source, starts], dtype=site.build.type_of(value).dtype)


TABLE = {
    "aten.slice_scatter.default": slice_scatter,
    "aten.select_scatter.default": select_scatter,
    "aten.index_copy.default": index_copy,
    "aten.index_put.default": index_put,
    "aten._unsafe_index_put.default": index_put,
}
