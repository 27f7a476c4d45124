# SPDX-License-Identifier: Apache-2.0
"""Shapes, axes and copies of whole tensors."""

from __future__ import annotations

from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType


def reshaped(site: Site) -> str:
    """Another shape; which one PyTorch knows."""
    return site.reshape(site.value("self"), site.output_shape)


def permuted(site: Site) -> str:
    """Axes in another order."""
    rank = len(site.shape("self"))
    return site.transpose(site.value("self"), [site.positive(axis, rank) for axis in site.integers("dims")])


def swapped(site: Site) -> str:
    """Two axes exchanged: by default the last two of at most two."""
    order = list(range(len(site.shape("self"))))
    if "dim0" in site.arguments:
        first, second = site.axis("dim0"), site.axis("dim1")
    else:
        first, second = 0, len(order) - 1
    if order:
        order[first], order[second] = order[second], order[first]
    return site.transpose(site.value("self"), order)


def moved(site: Site) -> str:
    """Axes moved to other places."""
    rank = len(site.shape("self"))
    sources = [site.positive(axis, rank) for axis in site.integers("source")]
    targets = [site.positive(axis, rank) for axis in site.integers("destination")]
    order = [axis for axis in range(rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        order.insert(target, source)
    return site.transpose(site.value("self"), order)


def expanded(site: Site) -> str:
    """Extents of 1 repeated."""
    value, shape = site.value("self"), site.output_shape
    if site.build.shape_of(value) == shape:
        return value
    return site.emit("BROADCAST_TO", [value, site.build.integers(shape, stem="shape")])


def repeated(site: Site) -> str:
    """The whole tensor repeated along each axis, of which there may be more than it has."""
    value, times = site.value("self"), site.integers("repeats" if "repeats" in site.arguments else "dims")
    shape = site.build.shape_of(value)
    times = (*(1,) * (len(shape) - len(times)), *times)
    wide = site.reshape(value, (*(1,) * (len(times) - len(shape)), *shape))
    if all(count == 1 for count in times):
        return wide
    return site.emit("TILE", [wide, site.build.integers(times, stem="repeats")])


def joined(site: Site) -> str:
    """Tensors one behind the other. Those of shape [0], which PyTorch ignores, are left away."""
    kind, rank = site.output_type, len(site.output_shape)
    nodes = [item for item in site.arguments["tensors"] if tuple(item.meta["val"].shape) != (0,)]
    parts = [site.cast(site.value_of(item), kind) for item in nodes]
    axis = site.positive(site.integer("dim"), rank)
    return parts[0] if len(parts) == 1 else site.emit("CONCATENATION", parts, {"axis": axis}, dtype=kind)


def stacked(site: Site) -> str:
    """Tensors side by side along a new axis."""
    kind, shape = site.output_type, site.output_shape
    axis = site.positive(site.integer("dim"), len(shape))
    parts = [site.cast(site.value_of(item), kind) for item in site.arguments["tensors"]]
    one = (*shape[:axis], 1, *shape[axis + 1 :])
    if len(parts) == 1 or kind is DType.BOOL:
        wide = [site.reshape(part, one) for part in parts]
        return wide[0] if len(wide) == 1 else site.emit("CONCATENATION", wide, {"axis": axis}, dtype=kind)
    return site.emit("PACK", parts, {"axis": axis, "values_count": len(parts)}, dtype=kind)


def flipped(site: Site) -> str:
    """Axes read backwards."""
    rank = len(site.shape("self"))
    axes = [site.positive(axis, rank) for axis in site.integers("dims")]
    return site.emit("REVERSE_V2", [site.value("self"), site.build.integers(axes, stem="axes")])


_VIEWS = (
    "view.default",
    "_unsafe_view.default",
    "reshape.default",
    "flatten.using_ints",
    "unflatten.int",
    "squeeze.default",
    "squeeze.dim",
    "squeeze.dims",
    "unsqueeze.default",
    "view_copy.default",
    "_reshape_alias.default",
)

TABLE = {
    **{f"aten.{name}": reshaped for name in _VIEWS},
    "aten.permute.default": permuted,
    "aten.transpose.int": swapped,
    "aten.t.default": swapped,
    "aten.movedim.int": moved,
    "aten.expand.default": expanded,
    "aten.repeat.default": repeated,
    "aten.tile.default": repeated,
    "aten.cat.default": joined,
    "aten.stack.default": stacked,
    "aten.flip.default": flipped,
}
