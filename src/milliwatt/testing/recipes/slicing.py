# SPDX-License-Identifier: Apache-2.0
"""SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK, PACK, CONCATENATION, GATHER and GATHER_ND."""

from __future__ import annotations

from milliwatt.ir import AttrValue, DType, TensorType
from milliwatt.ops.pack import DTYPES as PACKABLE
from milliwatt.ops.split import DTYPES as SPLITTABLE
from milliwatt.ops.split_v import DTYPES as SPLITTABLE_V
from milliwatt.ops.strided_view import MOVABLE
from milliwatt.ops.unpack import DTYPES as UNPACKABLE
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe
from milliwatt.testing.recipes.reshaping import operand, same

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def box(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any box inside, some sizes as -1."""
    data = build.value(dtype, rank=build.integer(1, 4))
    begins = [build.integer(0, extent - 1) for extent in build.type_of(data).shape]
    rests = [extent - begin for extent, begin in zip(build.type_of(data).shape, begins, strict=True)]
    sizes = [-1 if build.random.random() < 0.3 else build.integer(1, rest) for rest in rests]
    return same(build, "SLICE", (data, operand(build, begins), operand(build, sizes)), data)


def strided_slice(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Strides of either sign, indices counted from either end, and every mask."""
    data = build.value(dtype, rank=build.integer(1, 4))
    rank = len(build.type_of(data).shape)
    places: list[tuple[str, int, int, int]] = []
    for extent in build.type_of(data).shape:
        begin, end, stride = _range(build, extent)
        mask = build.choice(["", "", "", "begin_mask", "end_mask", "shrink_axis_mask", "new_axis_mask"])
        if mask == "new_axis_mask" and len(places) == 0 and rank < 4:
            places.append((mask, 0, 0, 1))
        elif mask == "shrink_axis_mask":
            places.append((mask, begin, begin + 1, 1))
            continue
        places.append((mask if mask in ("begin_mask", "end_mask") else "", begin, end, stride))
    if build.random.random() < 0.3:
        # An ellipsis stands for one axis or for several.
        first = build.integer(0, len(places) - 1)
        places[first : first + build.integer(1, 2)] = [("ellipsis_mask", 0, 0, 1)]
    masks = {mask: sum(1 << at for at, place in enumerate(places) if place[0] == mask) for mask in MASKS}
    operands = (operand(build, numbers) for numbers in list(zip(*places, strict=True))[1:])
    return same(build, "STRIDED_SLICE", (data, *operands), data, offset=False, **masks)


def _range(build: GraphBuilder, extent: int) -> tuple[int, int, int]:
    """Beginning, end and stride of a slice that holds at least one element, with or without masks."""
    first, last = sorted((build.integer(0, extent - 1), build.integer(0, extent - 1)))
    stride = build.integer(1, 3)
    if build.random.random() < 0.3:
        # An end of -1 would count from the back; below minus the extent it means "up to the front".
        return last, first - 1 if first > 0 else -extent - 1, -stride
    end = build.choice([last + 1, last + 1 - extent if last + 1 < extent else extent, extent + 3])
    return build.choice([first, first - extent]), end, stride


def split(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Two to four equal parts."""
    shape = list(build.shape(build.integer(1, 4), largest=5))
    axis, parts = build.integer(-len(shape), len(shape) - 1), build.integer(1, 4)
    shape[axis] = parts * build.integer(1, 3)
    data = build.value(dtype, shape=tuple(shape))
    return same(build, "SPLIT", (operand(build, axis), data), data, num_splits=parts)


def split_v(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Unequal parts, one size sometimes open."""
    shape = list(build.shape(build.integer(1, 4), largest=5))
    axis, sizes = (
        build.integer(-len(shape), len(shape) - 1),
        [build.integer(1, 4) for _ in range(build.integer(1, 4))],
    )
    shape[axis] = sum(sizes)
    data = build.value(dtype, shape=tuple(shape))
    if build.random.random() < 0.5:
        sizes[build.integer(0, len(sizes) - 1)] = -1
    operands = (operand(build, sizes), operand(build, axis))
    return same(build, "SPLIT_V", (data, *operands), data, num_splits=len(sizes))


def unpack(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any axis of up to five indices."""
    data = build.value(dtype, shape=build.shape(build.integer(2, 4), largest=5))
    shape = build.type_of(data).shape
    axis = build.integer(-len(shape), len(shape) - 1)
    return same(build, "UNPACK", (data,), data, num=shape[axis], axis=axis)


def pack(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """One to four tensors, sometimes the same one twice."""
    data = build.value(dtype, shape=build.shape(build.integer(1, 3), largest=5))
    kind = build.type_of(data)
    values = [data] + [
        build.value(dtype, shape=kind.shape, quant=kind.quant) for _ in range(build.integer(0, 3))
    ]
    axis = build.integer(-len(kind.shape) - 1, len(kind.shape))
    return same(build, "PACK", values, data, values_count=len(values), axis=axis)


def concatenation(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """One to five tensors of different extents, one sometimes constant; uint8 of any scales in half of the cases."""
    data = build.value(dtype, rank=build.integer(1, 4))
    kind = build.type_of(data)
    axis, values = build.integer(-len(kind.shape), len(kind.shape) - 1), [data]
    differ = dtype is DType.UINT8 and build.random.random() < 0.5
    for _ in range(build.integer(0, 4)):
        shape = list(kind.shape)
        shape[axis] = build.integer(1, 5)
        quant = build.quant(dtype) if differ else kind.quant
        if build.random.random() < 0.2:
            values.append(build.constant(build.sample(TensorType(dtype, tuple(shape))), quant))
        else:
            values.append(build.value(dtype, shape=tuple(shape), quant=quant))
    attrs: dict[str, AttrValue] = {"axis": axis, "fused_activation_function": "NONE"}
    return same(build, "CONCATENATION", values, data, **attrs)


def gather(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Constant indices, or indices (0 and 1) that are known only when the model runs, with and without batches."""
    shape = tuple(extent + 1 for extent in build.shape(build.integer(1, 4), largest=5))
    data = build.value(dtype, shape=shape)
    axis = build.integer(0, len(shape) - 1)
    batch = build.integer(0, min(axis, 2))
    wanted = (*shape[:batch], *build.shape(build.integer(0 if batch else 1, 2), largest=4))
    indices = _indices(build, wanted, [shape[axis]])
    attrs = {"axis": axis - len(shape) if build.random.random() < 0.3 else axis, "batch_dims": batch}
    return same(build, "GATHER", (data, indices), data, **attrs)


def gather_nd(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Indices into one or more leading axes."""
    shape = tuple(extent + 1 for extent in build.shape(build.integer(1, 4), largest=5))
    data = build.value(dtype, shape=shape)
    depth = build.integer(1, len(shape))
    indices = _indices(build, (*build.shape(build.integer(1, 2), largest=4), depth), list(shape[:depth]))
    return same(build, "GATHER_ND", (data, indices), data)


def dynamic_update_slice(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Starts anywhere, also outside, constant or not."""
    data = build.value(dtype, rank=build.integer(1, 4))
    kind = build.type_of(data)
    shape = tuple(build.integer(1, extent) for extent in kind.shape)
    update = build.value(dtype, shape=shape, quant=kind.quant)
    index = build.choice([DType.INT32, DType.INT64])
    if build.random.random() < 0.5:
        starts = build.input(TensorType(index, (len(shape),)))
    else:
        starts = build.constant(build.random.integers(-2, 9, len(shape)).astype(index.numpy))
    return same(build, "DYNAMIC_UPDATE_SLICE", (data, update, starts), data)


def _indices(build: GraphBuilder, shape: tuple[int, ...], extents: list[int]) -> str:
    kind = build.choice([DType.INT32, DType.INT64])
    if build.random.random() < 0.5:
        return build.input(TensorType(kind, shape))
    return build.constant((build.random.integers(0, 1000, shape) % extents).astype(kind.numpy))


RECIPES = (
    Recipe("DYNAMIC_UPDATE_SLICE", dynamic_update_slice, (*MOVABLE,)),
    Recipe("SLICE", box, (*MOVABLE,)),
    Recipe("STRIDED_SLICE", strided_slice, (*MOVABLE,)),
    Recipe("SPLIT", split, SPLITTABLE),
    Recipe("SPLIT_V", split_v, SPLITTABLE_V),
    Recipe("UNPACK", unpack, UNPACKABLE),
    Recipe("PACK", pack, PACKABLE),
    Recipe("CONCATENATION", concatenation, (*MOVABLE,)),
    Recipe("GATHER", gather, (*MOVABLE,)),
    Recipe("GATHER_ND", gather_nd, (*MOVABLE,)),
)
