# SPDX-License-Identifier: Apache-2.0
"""Operators that take parts of a tensor, or put a border around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from milliwatt.importers.moving import crop, pad, reshape
from milliwatt.importers.onnx.reader import SMALL_INTEGERS, element_type
from milliwatt.importers.onnx.site import Result, Site, stored_type
from milliwatt.ir import DType


def slice_(site: Site) -> Result:
    """Slice: starts, ends and axes are attributes before opset 10, then inputs, with steps."""
    shape = site.shape(0)
    if site.opset < 10:
        starts, ends, axes = (site.integers(name) for name in ("starts", "ends", "axes"))
        steps = None
    else:
        starts, ends = site.known_integers(1, "starts"), site.known_integers(2, "ends")
        axes = site.known_integers(3, "axes") if site.has(3) else None
        steps = site.known_integers(4, "steps") if site.has(4) else None
    if starts is None or ends is None:
        raise site.damage("Slice lacks its starts or ends")
    axes = tuple(range(len(starts))) if axes is None else axes
    steps = (1,) * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise site.damage("Slice has starts, ends, axes and steps that do not fit each other")
    parts = [range(extent) for extent in shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        place = site.axis(axis, len(shape))
        parts[place] = range(*slice(start, end, step).indices(shape[place]))
    return _sliced(site, parts)


def _sliced(site: Site, parts: Sequence[range]) -> Result:
    build, value = site.build, site.value(0)
    if any(len(part) == 0 for part in parts):
        raise site.refusal("Slice takes nothing")
    if all(part.step == 1 for part in parts):
        return crop(build, value, [part.start for part in parts], [len(part) for part in parts])
    # An end before the first element cannot be written as a number: it is masked.
    mask = sum(1 << axis for axis, part in enumerate(parts) if part.stop < 0)
    columns = [
        build.integers(numbers)
        for numbers in zip(*((p.start, max(p.stop, 0), p.step) for p in parts), strict=True)
    ]
    kind = build.type_of(value)
    return build.node(
        "STRIDED_SLICE", [value, *columns], {"end_mask": mask}, dtype=kind.dtype, quant=kind.quant
    )


def split(site: Site) -> tuple[Result, ...]:
    """Split: sizes are an attribute before opset 13, then an input; without them parts are equal."""
    build, shape = site.build, site.shape(0)
    axis = site.axis(site.integer("axis", 0), len(shape))
    count = len(site.node.outputs)
    sizes = site.integers("split") if site.opset < 13 else None
    if site.opset >= 13 and site.has(1):
        sizes = site.known_integers(1, "split")
    if sizes is None:
        each = -(-shape[axis] // count)
        sizes = (*(each,) * (count - 1), shape[axis] - each * (count - 1))
    if len(sizes) != count or sum(sizes) != shape[axis] or min(sizes) < 1:
        raise site.damage(f"Split cuts {shape[axis]} into {list(sizes)}")
    if count == 1:
        return (site.value(0),)
    value = site.value(0)
    inputs = [value, build.integers(sizes), build.constant(np.array(axis, np.int32))]
    kind = build.type_of(value)
    return build.nodes("SPLIT_V", inputs, {"num_splits": count}, dtype=kind.dtype, quant=kind.quant)


def gather(site: Site) -> Result:
    """Gather along an axis; constant indices that are one number, or a row of them, become a slice."""
    build, shape = site.build, site.shape(0)
    axis = site.axis(site.integer("axis", 0), len(shape))
    data, indices = site.value(0), site.constant(1)
    kind = build.type_of(data)
    if indices is None:
        # Negative indices count from the end.
        extent = build.constant(np.array(shape[axis], site.dtype(1).numpy), stem="extent")
        table = build.node("FLOOR_MOD", [site.value(1), extent], dtype=site.dtype(1))
        return build.node("GATHER", [data, table], {"axis": axis}, dtype=kind.dtype, quant=kind.quant)
    places = np.where(indices < 0, indices + shape[axis], indices)
    if places.size == 0 or places.min() < 0 or places.max() >= shape[axis]:
        raise site.damage("Gather has an index outside of the data")
    first = int(places.reshape(-1)[0])
    if np.array_equal(places.reshape(-1), np.arange(first, first + places.size)):
        begin, size = [0] * len(shape), list(shape)
        begin[axis], size[axis] = first, places.size
        part = crop(build, data, begin, size)
        return reshape(build, part, (*shape[:axis], *places.shape, *shape[axis + 1 :]))
    table = build.constant(places.astype(np.int32), stem="indices")
    return build.node("GATHER", [data, table], {"axis": axis}, dtype=kind.dtype, quant=kind.quant)


def gather_nd(site: Site) -> Result:
    """GatherND without batch dimensions."""
    if site.integer("batch_dims", 0):
        raise site.refusal("GatherND with batch_dims is not supported")
    build, data = site.build, site.value(0)
    kind, indices = build.type_of(data), site.constant(1)
    if indices is not None:
        extents = np.array(kind.shape[: indices.shape[-1]] if indices.ndim else ())
        if indices.ndim == 0 or len(extents) != indices.shape[-1]:
            raise site.damage("GatherND has more indices than the data has axes")
        table = build.constant(
            np.where(indices < 0, indices + extents, indices).astype(np.int32), stem="indices"
        )
    else:
        table = site.value(1)
    return build.node("GATHER_ND", [data, table], dtype=kind.dtype, quant=kind.quant)


def pad_(site: Site) -> Result:
    """Pad by a constant, or by copies of the data (reflect, edge, wrap); negative amounts crop."""
    shape = site.shape(0)
    if site.opset < 11:
        amounts, border = site.integers("pads"), site.number("value", 0.0)
    else:
        amounts = site.known_integers(1, "pads")
        border = float(site.known(2, "value").reshape(-1)[0]) if site.has(2) else 0.0
    axes = site.known_integers(3, "axes") if site.opset >= 18 and site.has(3) else tuple(range(len(shape)))
    if amounts is None or len(amounts) != 2 * len(axes):
        raise site.damage("Pad does not have two amounts for each axis")
    table = [(0, 0)] * len(shape)
    for index, axis in enumerate(axes):
        table[site.axis(axis, len(shape))] = (amounts[index], amounts[index + len(axes)])
    value = _cropped(site, site.value(0), table)
    table = [(max(before, 0), max(after, 0)) for before, after in table]
    mode = site.text("mode", "constant")
    if mode == "constant":
        return pad(site.build, value, table, border=border)
    return _copied_border(site, value, table, mode)


def _cropped(site: Site, value: str, table: Sequence[tuple[int, int]]) -> str:
    begin = [max(-before, 0) for before, _ in table]
    shape = site.build.shape_of(value)
    size = [
        extent - first - max(-after, 0) for extent, first, (_, after) in zip(shape, begin, table, strict=True)
    ]
    return crop(site.build, value, begin, size)


def _copied_border(site: Site, value: str, table: Sequence[tuple[int, int]], mode: str) -> str:
    build = site.build
    shape, kind = build.shape_of(value), build.type_of(value)
    if mode not in ("reflect", "edge", "wrap"):
        raise site.refusal(f"Pad with the mode {mode} is not supported")
    if max(sum(pair) for pair in table) > 1 << 20:
        raise site.refusal("Pad adds too much")
    if mode == "reflect" and all(max(pair) < extent for pair, extent in zip(table, shape, strict=True)):
        amounts = build.constant(np.array(table, np.int32), stem="padding")
        return build.node("MIRROR_PAD", [value, amounts], {"mode": "REFLECT"}, quant=kind.quant)
    for axis, pair in enumerate(table):
        if any(pair):
            modes = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}
            places = np.pad(np.arange(shape[axis], dtype=np.int32), pair, mode=modes[mode])  # type: ignore[call-overload]
            inputs = [value, build.constant(places, stem="indices")]
            value = build.node("GATHER", inputs, {"axis": axis}, dtype=kind.dtype, quant=kind.quant)
    return value


def shape_of(site: Site) -> Result:
    """Shape, or a part of it: shapes are known."""
    shape = site.shape(0)
    start, end = site.integer("start", 0), site.integer("end", len(shape))
    return np.array(shape[slice(*slice(start, end).indices(len(shape)))], np.int64)


def size_of(site: Site) -> Result:
    """Size: the number of elements."""
    return np.array(int(np.prod(site.shape(0), dtype=np.int64)), np.int64)


def constant(site: Site) -> Result:
    """Constant in any of its forms."""
    attributes = site.node.attributes
    if isinstance(attributes.get("value"), np.ndarray):
        return np.asarray(attributes["value"])
    for name, dtype in (("value_float", np.float32), ("value_int", np.int64)):
        if isinstance(attributes.get(name), int | float):
            return np.array(attributes[name], dtype)
    for name, dtype in (("value_floats", np.float32), ("value_ints", np.int64)):
        if isinstance(attributes.get(name), tuple):
            return np.array(attributes[name], dtype)
    raise site.refusal("a Constant of this kind is not supported")


def cast(site: Site) -> Result:
    """Cast between element types that the graph has; narrower floats stay float32."""
    if site.node.op == "CastLike":
        target = site.dtype(1)
    else:
        found = element_type(site.integer("to", 0), site.where)
        if found is None:
            raise site.damage("Cast names no element type")
        if site.integer("to", 0) in SMALL_INTEGERS:
            raise site.refusal("Cast to integers of 4 or 2 bits is not supported")
        target = stored_type(found)
    source = site.dtype(0)
    if source is target:
        return site.value(0)
    names = {"in_data_type": _SCHEMA_NAMES[source], "out_data_type": _SCHEMA_NAMES[target]}
    return site.build.node("CAST", [site.value(0)], names, dtype=target)


_SCHEMA_NAMES = {kind: kind.name for kind in DType}


def triangle(site: Site) -> Result:
    """Trilu: the upper or lower triangle of matrices, zeros elsewhere."""
    build, shape = site.build, site.shape(0)
    offset = site.known_integers(1, "offset")[0] if site.has(1) else 0
    if len(shape) < 2 or shape[-1] * shape[-2] > 1 << 22:
        raise site.refusal("Trilu is supported for matrices of at most 4 million elements")
    offset = max(min(offset, shape[-1]), -shape[-2])
    ones = np.ones(shape[-2:], np.bool_)
    kept = np.triu(ones, offset) if site.integer("upper", 1) else np.tril(ones, offset)
    kind = build.type_of(value := site.value(0))
    inputs = [build.constant(kept, stem="triangle"), value, build.constant(np.zeros((), kind.dtype.numpy))]
    return build.node("SELECT_V2", inputs, dtype=kind.dtype)


def one_hot(site: Site) -> Result:
    """OneHot: one of two constants at every place of a new axis, by whether its index is the data's."""
    build, shape = site.build, site.shape(0)
    depth, values = int(site.known(1, "depth").reshape(-1)[0]), site.known(2, "values").reshape(-1)
    if not 1 <= depth <= 1 << 20 or values.size != 2 or site.dtype(0) not in (DType.INT32, DType.INT64):
        raise site.refusal("OneHot is supported for int32 and int64 indices, with two values")
    axis = site.axis(site.integer("axis", -1), len(shape) + 1)
    dtype = site.dtype(0).numpy
    extent = build.constant(np.array(depth, dtype), stem="depth")
    zero, given = build.constant(np.array(0, dtype)), site.value(0)
    negative = build.node("LESS", [given, zero], dtype=DType.BOOL)
    counted = build.node(
        "SELECT_V2", [negative, build.node("ADD", [given, extent]), given], dtype=site.dtype(0)
    )
    data = reshape(build, counted, (*shape[:axis], 1, *shape[axis:]))
    places = np.arange(depth, dtype=dtype).reshape((depth, *(1,) * (len(shape) - axis)))
    hit = build.node("EQUAL", [data, build.constant(places, stem="places")], dtype=DType.BOOL)
    kind = stored_type(values.dtype)
    off, on = (build.constant(np.array(value, kind.numpy), stem="value") for value in values)
    return build.node("SELECT_V2", [hit, on, off], dtype=kind)


HANDLERS = {
    "Cast": cast,
    "CastLike": cast,
    "Constant": constant,
    "Gather": gather,
    "GatherND": gather_nd,
    "OneHot": one_hot,
    "Pad": pad_,
    "Shape": shape_of,
    "Size": size_of,
    "Slice": slice_,
    "Split": split,
    "Trilu": triangle,
}
