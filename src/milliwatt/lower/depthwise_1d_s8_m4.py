# SPDX-License-Identifier: Apache-2.0
"""DEPTHWISE_CONV_2D along one axis on int8, stride 1 without padding, on a core with hand-allocated code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.lower.depthwise_records import scaled, suits
from milliwatt.lower.program import KernelCall, Overlap, Table
from milliwatt.lower.site import Site
from milliwatt.lower.tile_s8 import QUAD
from milliwatt.ops.depthwise_conv_2d import axes
from milliwatt.ops.window import Axis

Array = npt.NDArray[Any]

OPERATORS = ("DEPTHWISE_CONV_2D",)
RANK = -2

_MOST_TAPS = 16
_REACH = 4095
"""The largest offset of LDRSB."""


def matches(site: Site) -> bool:
    """A window of k x 1 or 1 x k, nothing outside, two outputs or more, one image where lines stand side by side."""
    lines = _lines(site)
    if lines is None or not 2 <= lines["taps"] <= _MOST_TAPS or lines["outputs"] < 2:
        return False
    return lines["taps"] * lines["step"] <= _REACH and suits(site, saved=5, small=True)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The one kernel."""
    lines = _lines(site)
    if lines is None:
        raise ValueError("the window does not lie along one axis")
    short, taps, bias = scaled(site, small=True)
    doubled = int(short.scaling[0])
    params = {**lines, "doubled": doubled, **short.params}
    words = [bias[:, None], short.mantissa[:, None], short.own[:, None], _weights(taps >> doubled)]
    table = np.concatenate(words, axis=1).astype(np.int32)
    overlaps = tuple(Overlap(one.read, one.write, 0, exact=True) for one in site.in_place(0))
    arguments = (site.read(0), site.write(), Table("channels", table))
    yield (site.call("mw_depthwise_1d_s8_m4", params, arguments, overlaps=overlaps),)


def _weights(taps: Array) -> Array:
    """Weights of channels as words of four bytes, in the order in which SXTB16 takes pairs out of them."""
    channels, count = taps.shape
    padded = np.zeros((channels, -(-count // 4) * 4), np.int8)
    padded[:, :count] = taps
    ordered = padded.reshape(channels, -1, 4)[:, :, QUAD]
    return np.ascontiguousarray(ordered).view(np.int32).reshape(channels, -1).astype(np.int64)


def _lines(site: Site) -> dict[str, int] | None:
    """The kernel's sizes, or None where the window has two axes or reaches outside."""
    rows, columns = axes(site.signature)
    batches, height, width, channels = site.signature.input(0).shape
    if columns.window == 1 and _plain(columns) and _plain(rows) and (batches == 1 or width == 1):
        # Side by side, or image by image.
        gaps = (channels, channels) if width > 1 else (height * channels, rows.output * channels)
        many, step = batches * width, width * channels
        return _sizes(rows, many, channels, step=step, in_line=gaps[0], out_line=gaps[1])
    if rows.window == 1 and _plain(rows) and _plain(columns):
        many, step = batches * height, channels
        return _sizes(
            columns, many, channels, step=step, in_line=width * channels, out_line=columns.output * channels
        )
    return None


def _sizes(
    axis: Axis, lines: int, channels: int, *, step: int, in_line: int, out_line: int
) -> dict[str, int]:
    return {
        "lines": lines,
        "channels": channels,
        "taps": axis.window,
        "outputs": axis.output,
        "step": step,
        "in_line": in_line,
        "out_line": out_line,
    }


def _plain(axis: Axis) -> bool:
    return axis.stride == 1 and axis.dilation == 1 and axis.before == axis.after == 0
