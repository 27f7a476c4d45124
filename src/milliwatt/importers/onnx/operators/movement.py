# SPDX-License-Identifier: Apache-2.0
"""Operators that give the same elements another place or shape."""

from __future__ import annotations

import math

import numpy as np

from milliwatt.importers.channel_first import to_channel_first, to_channel_last
from milliwatt.importers.moving import reshape as reshaped
from milliwatt.importers.moving import transpose as transposed
from milliwatt.importers.onnx.site import Result, Site


def transpose(site: Site) -> Result:
    """Transpose; without perm the axes are reversed."""
    rank = len(site.shape(0))
    order = site.integers("perm")
    order = tuple(reversed(range(rank))) if order is None else order
    if sorted(order) != list(range(rank)):
        raise site.damage(f"Transpose has the permutation {list(order)} for {rank} axes")
    return transposed(site.build, site.value(0), order)


def reshape(site: Site) -> Result:
    """Reshape: 0 keeps an extent (unless allowzero), -1 is what is left."""
    shape = site.shape(0)
    wanted = list(site.known_integers(1, "shape"))
    if not site.integer("allowzero", 0):
        for index, extent in enumerate(wanted):
            if extent == 0:
                if index >= len(shape):
                    raise site.damage("Reshape keeps an axis that the data does not have")
                wanted[index] = shape[index]
    if wanted.count(-1) == 1:
        known = math.prod(extent for extent in wanted if extent != -1)
        wanted[wanted.index(-1)] = math.prod(shape) // known if known > 0 else 0
    return reshaped(site.build, site.value(0), wanted)


def flatten(site: Site) -> Result:
    """Flatten to two axes."""
    shape, axis = site.shape(0), site.integer("axis", 1)
    if not -len(shape) <= axis <= len(shape):
        raise site.damage(f"Flatten names the axis {axis} of a tensor of {len(shape)} axes")
    axis = axis % (len(shape) + 1) if axis >= 0 else axis + len(shape)
    return reshaped(site.build, site.value(0), (math.prod(shape[:axis]), math.prod(shape[axis:])))


def listed_axes(site: Site, *, since: int) -> tuple[int, ...] | None:
    """Axes that are an attribute before an opset and an input from it on; None where they are absent."""
    if site.opset < since:
        return site.integers("axes")
    return site.known_integers(1, "axes") if site.has(1) else None


def squeeze(site: Site) -> Result:
    """Squeeze: drops axes of extent 1, all of them where none is named."""
    shape, axes = site.shape(0), listed_axes(site, since=13)
    if axes is None:
        gone = {index for index, extent in enumerate(shape) if extent == 1}
    else:
        gone = {site.axis(axis, len(shape)) for axis in axes}
    return reshaped(
        site.build, site.value(0), [extent for index, extent in enumerate(shape) if index not in gone]
    )


def unsqueeze(site: Site) -> Result:
    """Unsqueeze: inserts axes of extent 1; they are counted in the result."""
    shape, axes = list(site.shape(0)), listed_axes(site, since=13)
    if axes is None:
        raise site.damage("Unsqueeze names no axes")
    for axis in sorted(site.axis(axis, len(shape) + len(axes)) for axis in axes):
        shape.insert(axis, 1)
    return reshaped(site.build, site.value(0), shape)


def expand(site: Site) -> Result:
    """Expand: broadcast to a shape, which may itself be broadcast."""
    shape = site.shape(0)
    try:
        target = np.broadcast_shapes(shape, site.known_integers(1, "shape"))
    except ValueError as error:
        raise site.damage(f"Expand cannot broadcast {list(shape)}") from error
    if target == shape:
        return site.value(0)
    inputs = [site.value(0), site.build.integers(target, stem="shape")]
    return site.build.node(
        "BROADCAST_TO", inputs, dtype=site.dtype(0), quant=site.build.type_of(inputs[0]).quant
    )


def tile(site: Site) -> Result:
    """Tile: one number of repetitions per axis."""
    inputs = [site.value(0), site.build.integers(site.known_integers(1, "repeats"), stem="repeats")]
    return site.build.node("TILE", inputs, dtype=site.dtype(0), quant=site.build.type_of(inputs[0]).quant)


def concat(site: Site) -> Result:
    """Concat along an axis."""
    axis = site.axis(site.integer("axis", 1), len(site.shape(0)))
    values = site.values()
    if len(values) == 1:
        return values[0]
    return site.build.node("CONCATENATION", values, {"axis": axis}, quant=site.build.type_of(values[0]).quant)


def depth_to_space(site: Site) -> Result:
    """DepthToSpace: channels are ordered block, block, depth (DCR) or depth, block, block (CRD)."""
    build, shape, block = site.build, site.shape(0), site.integer("blocksize", 0)
    if len(shape) != 4 or block < 1 or shape[1] % (block * block):
        raise site.damage("DepthToSpace does not fit its data")
    batch, channels, height, width = shape
    depth = channels // (block * block)
    if site.text("mode", "DCR") == "DCR":
        spread = build.node("DEPTH_TO_SPACE", [to_channel_last(build, site.value(0))], {"block_size": block})
        return to_channel_first(build, spread, 4)
    blocks = reshaped(build, site.value(0), (batch, depth, block, block, height, width))
    ordered = transposed(build, blocks, (0, 1, 4, 2, 5, 3))
    return reshaped(build, ordered, (batch, depth, height * block, width * block))


def space_to_depth(site: Site) -> Result:
    """SpaceToDepth: channels are ordered block, block, depth."""
    build, block = site.build, site.integer("blocksize", 0)
    if len(site.shape(0)) != 4 or block < 1:
        raise site.damage("SpaceToDepth does not fit its data")
    if site.text("mode", "DCR") != "DCR":
        return _depth_first(site, block)
    folded = build.node("SPACE_TO_DEPTH", [to_channel_last(build, site.value(0))], {"block_size": block})
    return to_channel_first(build, folded, 4)


def _depth_first(site: Site, block: int) -> Result:
    """SpaceToDepth with channels ordered depth, block, block."""
    build, (batch, channels, height, width) = site.build, site.shape(0)
    if height % block or width % block:
        raise site.damage("SpaceToDepth does not fit its data")
    shape = (batch, channels, height // block, block, width // block, block)
    ordered = transposed(build, reshaped(build, site.value(0), shape), (0, 1, 3, 5, 2, 4))
    return reshaped(build, ordered, (batch, channels * block * block, height // block, width // block))


HANDLERS = {
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Reshape": reshape,
    "SpaceToDepth": space_to_depth,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
