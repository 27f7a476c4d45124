# SPDX-License-Identifier: Apache-2.0
"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: positions are tables, one entry per output row and column."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table, Write
from milliwatt.lower.site import Site
from milliwatt.lower.strided_moves import source_as_units
from milliwatt.ops.operator import Array
from milliwatt.ops.resize import Between
from milliwatt.ops.resize_bilinear import positions
from milliwatt.ops.resize_nearest_neighbor import sources

OPERATORS = ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")

_KERNELS = {
    DType.INT8: "mw_resize_bilinear_s8",
    DType.UINT8: "mw_resize_bilinear_u8",
    DType.INT16: "mw_resize_bilinear_s16",
    DType.FLOAT32: "mw_resize_bilinear_f32",
}


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel per operator and element type."""
    yield (bilinear(site) if site.node.op == "RESIZE_BILINEAR" else nearest_neighbor(site),)


def bilinear(site: Site) -> KernelCall:
    """Tables of both neighbours and of the weight of the second one."""
    kind = site.signature.input(0)
    _, in_h, in_w, channels = kind.shape
    rows, columns = positions(site.signature)
    tables = [
        table
        for name, axis, stride in (("rows", rows, in_w * channels), ("columns", columns, channels))
        for table in _tables(name, axis, stride)
    ]
    params = {**_extents(site), "channels": channels, "image": in_h * in_w * channels}
    return site.call(_KERNELS[kind.dtype], params, (site.read(0), site.write(), *tables))


def _tables(name: str, axis: Between, stride: int) -> tuple[Table, Table]:
    places = np.stack([axis.lower, axis.upper], axis=1) * stride
    weights: Array = axis.fraction if axis.fraction.dtype == np.float32 else axis.fraction.astype(np.int32)
    return Table(name, places.astype(np.int32)), Table(f"{name}_fraction", weights)


def nearest_neighbor(site: Site) -> KernelCall:
    """Tables of places; pixels are copied by the widest elements that fit."""
    kind = site.signature.input(0)
    _, in_h, in_w, channels = kind.shape
    width = math.gcd(4, channels * kind.dtype.bytes)
    run = channels * kind.dtype.bytes // width
    rows, columns = sources(site.signature)
    pointers = (
        source_as_units(site, 0, width),
        Write(site.node.outputs[0], f"uint{8 * width}_t"),
        Table("rows", (rows * in_w * run).astype(np.int32)),
        Table("columns", (columns * run).astype(np.int32)),
    )
    params = {**_extents(site), "run": run, "image": in_h * in_w * run}
    return site.call(f"mw_resize_nearest_{width}", params, pointers)


def _extents(site: Site) -> dict[str, int | float]:
    batches, out_h, out_w, _ = site.signature.outputs[0].shape
    return {"batches": batches, "out_h": out_h, "out_w": out_w}
