# SPDX-License-Identifier: Apache-2.0
"""Elements chosen by indices that may be computed, and tensors with some elements replaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType


def embedding(site: Site) -> str:
    """Rows of a table."""
    inputs = [site.value("weight"), site.value("indices")]
    return site.emit("GATHER", inputs, {"axis": 0}, dtype=site.output_type)


def index_select(site: Site) -> str:
    """Slices of one axis."""
    value, axis = site.value("self"), site.axis()
    index = site.value("index")
    if not site.build.shape_of(index):
        index = site.reshape(index, (1,))
    result = site.emit("GATHER", [value, index], {"axis": axis}, dtype=site.output_type)
    return site.reshape(result, site.output_shape)


def gathered(site: Site) -> str:
    """Of each line along an axis the elements that the index's line names.

    The coordinates of all other axes are constants.
    """
    value, index, axis = site.value("self"), site.value("index"), site.axis()
    shape = site.build.shape_of(index)
    if not shape:
        return value
    kind = site.build.type_of(index).dtype
    grids = np.indices(shape, dtype=kind.numpy)
    coordinates = [
        index if place == axis else site.build.constant(grids[place], stem="coordinates")
        for place in range(len(shape))
    ]
    attrs = {"axis": len(shape), "values_count": len(shape)}
    table = site.emit("PACK", coordinates, attrs, dtype=kind)
    return site.emit("GATHER_ND", [value, table], dtype=site.output_type)


def indexed(site: Site) -> str:
    """self[..., index, ...] with one or several tensors of indices at neighbouring axes."""
    entries = list(site.arguments["indices"])
    value = site.value("self")
    places = [place for place, entry in enumerate(entries) if entry is not None]
    if places != list(range(places[0], places[-1] + 1)):
        raise site.unsupported("indices of axes that are not neighbours")
    if any(site_type(site, entries[place]) is DType.BOOL for place in places):
        raise site.unsupported(
            "a mask as an index", hint="the result's size would depend on the data; use torch.where"
        )
    if len(places) == 1:
        axis = places[0]
        index = wrapped(site, entries[axis], site.build.shape_of(value)[axis])
        result = site.emit("GATHER", [value, index], {"axis": axis}, dtype=site.output_type)
        return site.reshape(result, site.output_shape)
    return site.reshape(indexed_together(site, value, entries, places), site.output_shape)


def indexed_together(site: Site, value: str, entries: list[Any], places: list[int]) -> str:
    """Several indices that broadcast against each other, by GATHER_ND on axes moved to the front."""
    shape = site.build.shape_of(value)
    order = [*places, *(axis for axis in range(len(shape)) if axis not in places)]
    front = site.transpose(value, order)
    indices = [wrapped(site, entries[place], shape[place]) for place in places]
    together = np.broadcast_shapes(*(site.build.shape_of(index) for index in indices))
    wide = [broadcast(site, index, together) for index in indices]
    kind = site.build.type_of(wide[0]).dtype
    attrs = {"axis": len(together), "values_count": len(wide)}
    table = site.emit("PACK", wide, attrs, dtype=kind)
    result = site.emit("GATHER_ND", [front, table], dtype=site.output_type)
    count, before = len(together), places[0]
    back = [*range(count, count + before), *range(count), *range(count + before, len(site.output_shape))]
    return site.transpose(result, back)


def broadcast(site: Site, value: str, shape: tuple[int, ...]) -> str:
    """The value with extents of 1 repeated to a shape."""
    if site.build.shape_of(value) == shape:
        return value
    array = site.build.constant_of(value)
    if array is not None:
        return site.build.constant(np.broadcast_to(array, shape), stem=value)
    return site.emit("BROADCAST_TO", [value, site.build.integers(shape, stem="shape")])


def site_type(site: Site, argument: Any) -> DType:
    """The element type of a tensor argument."""
    return site.build.type_of(site.value_of(argument)).dtype


def wrapped(site: Site, argument: Any, extent: int) -> str:
    """Indices of which negative ones count from the end."""
    value = site.value_of(argument)
    array = site.build.constant_of(value)
    if array is not None:
        return site.build.constant(np.where(array < 0, array + extent, array), stem=value)
    kind = site.build.type_of(value).dtype
    negative = site.emit("LESS", [value, site.scalar(0, kind)], dtype=DType.BOOL)
    turned = site.emit("ADD", [value, site.scalar(extent, kind)], dtype=kind)
    return site.emit("SELECT_V2", [negative, turned, value], dtype=kind)


TABLE = {
    "aten.embedding.default": embedding,
    "aten.index_select.default": index_select,
    "aten.gather.default": gathered,
    "aten.index.Tensor": indexed,
    "aten._unsafe_index.Tensor": indexed,
}
