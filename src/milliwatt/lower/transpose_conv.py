# SPDX-License-Identifier: Apache-2.0
"""TRANSPOSE_CONV: the portable kernels, any geometry, no scratch."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX, bias_argument, constant_bias, rescaling
from milliwatt.lower.site import Site
from milliwatt.ops.transpose_conv import BIAS, DATA, FILTER, axes, convolution_signature

OPERATORS = ("TRANSPOSE_CONV",)


def matches(site: Site) -> bool:
    """Any types that the operator supports; 16-bit data wants a constant bias."""
    return constant_bias(site, BIAS)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The portable kernel of the element type."""
    signature = site.signature
    rows, columns = axes(signature)
    batches, in_h, in_w, in_c = signature.input(DATA).shape
    _, out_h, out_w, channels = signature.outputs[0].shape
    output, tables = rescaling(site, convolution_signature(signature), channels)
    params = {
        "batches": batches,
        "in_h": in_h,
        "in_w": in_w,
        "in_c": in_c,
        "out_h": out_h,
        "out_w": out_w,
        "out_c": channels,
        "kernel_h": rows.window,
        "kernel_w": columns.window,
        "stride_h": rows.stride,
        "stride_w": columns.stride,
        "pad_top": rows.before,
        "pad_left": columns.before,
        **output,
    }
    bias = bias_argument(site, BIAS, channels)
    arguments = (site.read(DATA), site.write(), site.read(FILTER), bias, *tables)
    yield (site.call(f"mw_transpose_conv_{SUFFIX[signature.outputs[0].dtype]}", params, arguments),)
