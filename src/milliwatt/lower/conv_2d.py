# SPDX-License-Identifier: Apache-2.0
"""CONV_2D: the portable kernels, any geometry, no scratch."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX, bias_argument, constant_bias, rescaling
from milliwatt.lower.site import Site
from milliwatt.lower.window_distance import window_distance
from milliwatt.ops.conv_2d import axes
from milliwatt.ops.window import Axis

OPERATORS = ("CONV_2D",)


def matches(site: Site) -> bool:
    """Any types that the operator supports; 16-bit data wants a constant bias."""
    return constant_bias(site, 2)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The portable kernel of the element type."""
    signature = site.signature
    rows, columns = axes(signature)
    channels, _, _, per_group = signature.input(1).shape
    output, tables = rescaling(site, signature, channels)
    arguments = (site.read(0), site.write(), site.read(1), bias_argument(site, 2, channels), *tables)
    tile: dict[str, int | float] = {}
    if signature.outputs[0].dtype is DType.FLOAT32:
        # Two pixels at a time read each weight once; the second one's output must not lie on the first one's window.
        tile = {"pixels": 1 if site.optimize == "ram" else 2}
    ahead = int(tile.get("pixels", 1)) - 1
    yield (
        site.call(
            f"mw_conv_2d_{SUFFIX[signature.outputs[0].dtype]}",
            {**geometry(site, rows, columns), "group_c": per_group, **tile, **output},
            arguments,
            overlaps=site.in_place(0, distance=distance(site, rows, columns, ahead=ahead)),
        ),
    )


def geometry(site: Site, rows: Axis, columns: Axis) -> dict[str, int | float]:
    """The shape parameters that sliding-window kernels share."""
    batches, in_h, in_w, in_c = site.signature.input(0).shape
    return {
        "batches": batches,
        "in_h": in_h,
        "in_w": in_w,
        "in_c": in_c,
        "out_h": rows.output,
        "out_w": columns.output,
        "out_c": site.signature.outputs[0].shape[3],
        "kernel_h": rows.window,
        "kernel_w": columns.window,
        "stride_h": rows.stride,
        "stride_w": columns.stride,
        "dilation_h": rows.dilation,
        "dilation_w": columns.dilation,
        "pad_top": rows.before,
        "pad_left": columns.before,
    }


def distance(site: Site, rows: Axis, columns: Axis, *, pixels: int = 0, ahead: int = 0) -> int:
    """How far below the input the output may lie: see `window_distance`."""
    data, output = site.signature.input(0), site.signature.outputs[0]
    return window_distance(
        rows,
        columns,
        batches=data.shape[0],
        in_bytes=data.shape[3] * data.dtype.bytes,
        out_bytes=output.shape[3] * output.dtype.bytes,
        pixels=pixels,
        ahead=ahead,
    )
