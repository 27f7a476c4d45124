# SPDX-License-Identifier: Apache-2.0
"""Parts of tensors at places that are known when the model is imported."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.errors import ModelError
from milliwatt.importers.torch.site import Site


def bounds(site: Site, extent: int) -> tuple[int, int, int]:
    """(start, end, step) of a slice, limited to the axis as Python limits them."""
    start = site.integer("start") if site.has("start") else 0
    end = site.integer("end") if site.has("end") else extent
    step = site.integer("step")
    if step < 1:
        raise ModelError(f"{site.node.target} has the step {step}", where=site.where)
    return (*slice(start, end, step).indices(extent)[:2], step)


def sliced(site: Site) -> str:
    """self[start:end:step] of one axis."""
    axis, value = site.axis(), site.value("self")
    start, end, step = bounds(site, site.shape("self")[axis])
    return strided(site, value, axis, start, end, step)


def strided(site: Site, value: str, axis: int, *place: int) -> str:
    """A slice (start, end, step) of one axis; the value itself where it is the whole."""
    start, end, step = place
    if step == 1:
        return site.box(value, axis, start, end - start)
    shape = site.build.shape_of(value)
    places = [(start, end, step) if index == axis else (0, extent, 1) for index, extent in enumerate(shape)]
    columns = zip(*places, strict=True)
    inputs = [
        site.build.integers(column, stem=stem)
        for column, stem in zip(columns, ("begin", "end", "strides"), strict=True)
    ]
    return site.emit("STRIDED_SLICE", [value, *inputs])


def selected(site: Site) -> str:
    """One index of an axis, which goes."""
    axis, value = site.axis(), site.value("self")
    index = site.integer("index")
    start = index % site.shape("self")[axis] if index < 0 else index
    return site.reshape(site.box(value, axis, start, 1), site.output_shape)


def narrowed(site: Site) -> str:
    """``length`` indices of an axis."""
    axis, start = site.axis(), site.integer("start")
    start = start % site.shape("self")[axis] if start < 0 else start
    return site.box(site.value("self"), axis, start, site.integer("length"))


def split_into(site: Site, sizes: Sequence[int]) -> tuple[str | None, ...]:
    """Parts of these sizes along the axis; those that nobody reads are left out."""
    axis, value, used = site.axis(), site.value("self"), site.used_outputs()
    parts, start = [], 0
    for index, size in enumerate(sizes):
        parts.append(site.box(value, axis, start, size) if index in used else None)
        start += size
    return tuple(parts)


def split_with_sizes(site: Site) -> tuple[str | None, ...]:
    """Parts of given sizes."""
    return split_into(site, site.integers("split_sizes"))


def split_equally(site: Site) -> tuple[str | None, ...]:
    """Parts of one size, the last one smaller if need be."""
    extent, size = site.shape("self")[site.axis()], site.integer("split_size")
    if size < 1:
        raise ModelError(f"{site.node.target} has parts of {size}", where=site.where)
    return split_into(site, [min(size, extent - start) for start in range(0, extent, size)])


def unbound(site: Site) -> tuple[str | None, ...]:
    """One part per index of an axis, which goes."""
    axis, shape = site.axis(), site.shape("self")
    parts = split_into(site, [1] * shape[axis])
    one = (*shape[:axis], *shape[axis + 1 :])
    return tuple(None if part is None else site.reshape(part, one) for part in parts)


TABLE = {
    "aten.slice.Tensor": sliced,
    "aten.select.int": selected,
    "aten.narrow.default": narrowed,
    "aten.split_with_sizes.default": split_with_sizes,
    "aten.split.Tensor": split_equally,
    "aten.unbind.int": unbound,
}
