# SPDX-License-Identifier: Apache-2.0
"""CONV_2D on int8 with DSP instructions: two pixels are gathered as 16-bit numbers, then two filters at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.conv_2d import distance, geometry
from milliwatt.lower.program import KernelCall, Scratch, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import QUAD, Filters, channel_records, output_params, pack, unroll
from milliwatt.ops.accumulate import rescale
from milliwatt.ops.conv_2d import axes

Array = npt.NDArray[Any]

OPERATORS = ("CONV_2D",)
RANK = -1

_LARGEST_UNROLL = 8

_SHAPE = (
    "batches",
    "in_h",
    "in_w",
    "in_c",
    "out_h",
    "out_w",
    "out_c",
    "kernel_h",
    "kernel_w",
    "stride_h",
    "stride_w",
    "dilation_h",
    "pad_top",
    "pad_left",
)
"""The table of mw_conv_s8_dsp, before the words, minus the input's zero point, and the output's zero point."""


def matches(site: Site) -> bool:
    """A core with DSP instructions, int8, a constant filter, no groups, no horizontal dilation."""
    signature = site.signature
    weights = signature.constant(1)
    if not site.core.dsp or signature.input(0).dtype is not DType.INT8 or weights is None:
        return False
    constant_bias = not signature.has_input(2) or signature.constant(2) is not None
    whole = weights.shape[3] == signature.input(0).shape[3]
    return constant_bias and whole and signature.attrs["dilation_w_factor"] == 1 and filters_of(site).short


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel for 1x1 filters, whose code layers of any size share; else that for any window."""
    if pointwise(site):
        yield (_pointwise(site),)
    else:
        yield (_window(site),)


def pointwise(site: Site) -> bool:
    """Whether every output pixel is made from the input pixel at the same place."""
    signature = site.signature
    same = signature.input(0).shape[:3] == signature.outputs[0].shape[:3]
    rows, columns = axes(signature)
    return signature.input(1).shape[1:3] == (1, 1) and same and rows.before == columns.before == 0


def reading_order(row_bytes: int) -> list[int]:
    """The order in which the kernel puts the bytes of one row of a window in scratch; -1 is padding.

    Whole words are widened four bytes at a time, the rest byte by byte; then a row is filled up to two bytes.
    """
    whole = row_bytes // 4 * 4
    order = [first + byte for first in range(0, whole, 4) for byte in QUAD]
    return [*order, *range(whole, row_bytes), *([-1] * (row_bytes % 2))]


def filters_of(site: Site) -> Filters:
    """The filters in the kernel's reading order."""
    weights = site.signature.constant(1)
    if weights is None:
        raise ValueError("the filter is not constant")
    count, height, width, channels = weights.shape
    order = np.array(reading_order(width * channels))
    rows = weights.reshape(count, height, width * channels)
    ordered = np.where(order >= 0, rows[:, :, np.maximum(order, 0)], 0).reshape(count, -1)
    bias = site.signature.constant(2)
    return Filters(
        weights=ordered.astype(np.int8),
        bias=np.zeros(count, np.int64) if bias is None else bias.reshape(-1).astype(np.int64),
        constants=rescale(site.signature, count, site.rounding),
    )


def _pointwise(site: Site) -> KernelCall:
    filters = filters_of(site)
    words = _padded_words(filters)
    data, output = site.signature.input(0), site.signature.outputs[0]
    channels = data.shape[3]
    shape = [data.size // channels, channels, output.shape[3], words, *_zero_points(filters)]
    return _call(site, filters, "mw_pointwise_s8_dsp", shape=shape, words=words)


def _window(site: Site) -> KernelCall:
    filters = filters_of(site)
    rows, columns = axes(site.signature)
    words = _padded_words(filters)
    sizes = geometry(site, rows, columns)
    shape = [*(int(sizes[name]) for name in _SHAPE), words, *_zero_points(filters)]
    staging = columns.window * site.signature.input(0).shape[3]
    return _call(site, filters, "mw_conv_s8_dsp", shape=shape, words=words, staging=staging)


def _padded_words(filters: Filters) -> int:
    """Words for two filters: some more words of zeros buy longer turns of the inner loop."""
    return filters.words(multiple=4 if filters.weights.shape[1] > 8 else 2)


def _zero_points(filters: Filters) -> tuple[int, int]:
    return filters.constants.input_offset, filters.constants.output_offset


def _call(
    site: Site, filters: Filters, kernel: str, *, shape: list[int], words: int, staging: int = 0
) -> KernelCall:
    rows, columns = axes(site.signature)
    packed = filters.packable
    params = {
        **output_params(filters.constants),
        "packed": int(packed),
        "unroll": unroll(words, largest=_LARGEST_UNROLL),
        "whole": int(site.signature.input(0).shape[3] % 4 == 0),
        "odd": len(filters.bias) % 2,
    }
    arguments = (
        site.read(0),
        site.write(),
        Scratch(8 * words + staging, "uint32_t"),
        Table("shape", np.array(shape, np.int32)),
        Table("weights", pack(filters, words=words, group=2, packed=packed)),
        Table("channels", channel_records(filters, group=2, packed=packed)),
    )
    overlaps = site.in_place(0, distance=distance(site, rows, columns, pixels=2))
    return site.call(kernel, params, arguments, overlaps=overlaps)
