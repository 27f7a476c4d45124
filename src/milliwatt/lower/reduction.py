# SPDX-License-Identifier: Apache-2.0
"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_PROD."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.lower.byte_view import as_bytes
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops.broadcast import is_quantised
from milliwatt.ops.reduction import axes, reduced_count, sum_multiplier

OPERATORS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")

# The numbers of runtime/include/mw_reduce.h.
_OPERATION = {"SUM": 1, "MEAN": 1, "REDUCE_MAX": 2, "REDUCE_MIN": 3, "REDUCE_PROD": 4}
_SUFFIX = {
    DType.INT8: "s8",
    DType.UINT8: "u8",
    DType.INT16: "s16",
    DType.INT32: "s32",
    DType.INT64: "s64",
    DType.FLOAT32: "f32",
}
_NAMES = ("kept_0", "reduced_0", "kept_1", "reduced_1", "kept_2", "reduced_2", "kept_3")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """Words of four channels for int8 sums over rows of channels, then the general kernels."""
    if is_quantised(site.signature) and site.node.op in ("MEAN", "SUM"):
        yield from _rescaled(site)
        return
    kind = site.signature.input(0).dtype
    params = geometry(site.signature.input(0).shape, axes(site.signature))
    kernel = f"mw_reduce_{_SUFFIX[kind]}"
    if site.node.op == "MEAN" and kind is DType.INT32:
        kernel = "mw_mean_s32"
        params |= {"count": reduced_count(site.signature)}
    else:
        params |= {"operation": _OPERATION[site.node.op], **_start(site), **_count(site)}
    yield (site.call(kernel, params, (site.read(0), site.write())),)


def geometry(shape: Shape, reduced: tuple[int, ...]) -> dict[str, int | float]:
    """The seven extents, from kept_0 to kept_3, of which neighbours of equal fate are merged.

    Raises:
        ValueError: more than seven remain, which a shape of at most six dimensions never leaves.
    """
    extents = [1]
    kept_before = True
    for dimension in reversed(range(len(shape))):
        kept = dimension not in reduced
        if kept != kept_before:
            extents.append(1)
        extents[-1] *= shape[dimension]
        kept_before = kept
    if len(extents) > len(_NAMES):
        raise ValueError(f"{shape} reduced over {reduced} has too many alternating dimensions")
    padded = extents + [1] * (len(_NAMES) - len(extents))
    return dict(zip(_NAMES, reversed(padded), strict=True))


def _rescaled(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    signature = site.signature
    count, zero_point = reduced_count(signature), signature.quant(0)[1]
    mantissa, exponent = sum_multiplier(signature)
    low, high = signature.outputs[0].dtype.limits
    finish: dict[str, int | float] = {
        "output_offset": signature.output_quant()[1],
        "mantissa": mantissa,
        "exponent": exponent,
        "low": low,
        "high": high,
        "rounding": int(site.rounding),
    }
    shape = geometry(signature.input(0).shape, axes(signature))
    kind = signature.input(0).dtype
    if kind is DType.INT8 and _rows_of_channels(shape) and count * 256 < 2**31:
        params = {
            "outer": int(shape["kept_0"] * shape["kept_1"] * shape["kept_2"]),
            "rows": int(shape["reduced_2"]),
            "channels": int(shape["kept_3"]),
            "start": -(128 + zero_point) * count,
        }
        arguments = (as_bytes(site.read(0)), site.write())
        yield (site.call("mw_sum_channels_s8", params | finish, arguments),)
    general = shape | finish | {"start": -zero_point * count}
    yield (site.call(f"mw_sum_{_SUFFIX[kind]}", general, (site.read(0), site.write())),)


def _rows_of_channels(shape: dict[str, int | float]) -> bool:
    return shape["reduced_0"] == shape["reduced_1"] == 1 and shape["kept_3"] % 4 == 0


def _start(site: Site) -> dict[str, int | float]:
    """What a fold begins with: 0, 1, or what every element is at least as good as."""
    kind = site.signature.input(0).dtype
    if site.node.op in ("SUM", "MEAN", "REDUCE_PROD"):
        start: int | float = int(site.node.op == "REDUCE_PROD")
    elif kind is DType.FLOAT32:
        largest = float(np.finfo(np.float32).max)
        start = -largest if site.node.op == "REDUCE_MAX" else largest
    else:
        start = kind.limits[0 if site.node.op == "REDUCE_MAX" else 1]
    if kind is not DType.INT64:
        return {"start": start}
    halves = np.array([start], np.int64).view(np.int32)
    return {"start_low": int(halves[0]), "start_high": int(halves[1])}


def _count(site: Site) -> dict[str, int | float]:
    """What MEAN divides by, for the kernels that know it."""
    if site.signature.input(0).dtype not in (DType.INT64, DType.FLOAT32):
        return {}
    return {"count": reduced_count(site.signature) if site.node.op == "MEAN" else 0}
