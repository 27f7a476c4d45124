# SPDX-License-Identifier: Apache-2.0
"""CONV_2D on int8: the portable kernel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.rescale_tables import rescale_tables
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes

OPERATORS = ("CONV_2D",)


def matches(site: Site) -> bool:
    """int8 data and a constant filter and bias."""
    constant = site.signature.constant(1) is not None
    return site.signature.input(0).dtype is DType.INT8 and constant


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The portable kernel."""
    yield (portable(site),)


def geometry(site: Site) -> dict[str, int | float]:
    """The shape parameters that all convolution kernels share."""
    rows, columns = axes(site.signature)
    batches, in_h, in_w, in_c = site.signature.input(0).shape
    attrs = site.signature.attrs
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
        "dilation_h": attrs["dilation_h_factor"],
        "dilation_w": attrs["dilation_w_factor"],
        "pad_top": rows.before,
        "pad_left": columns.before,
    }


def portable(site: Site) -> KernelCall:
    """Any geometry, no scratch, slow."""
    filter_array = site.signature.constant(1)
    if filter_array is None:
        raise ValueError("the filter is not constant")
    channels = filter_array.shape[0]
    constants = rescale(site.signature, channels, site.rounding)
    return site.call(
        "mw_conv_2d_s8",
        {
            **geometry(site),
            "group_c": filter_array.shape[3],
            "input_offset": constants.input_offset,
            "output_offset": constants.output_offset,
            "low": constants.low,
            "high": constants.high,
            "rounding": int(constants.rounding),
        },
        (site.read(0), site.write(), Table("weights", filter_array.astype(np.int8)), *rescale_tables(site, constants)),
    )
