# SPDX-License-Identifier: Apache-2.0
"""What RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR share: attributes, constraints and where output pixels lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Shape
from milliwatt.ops.operator import Attribute, Signature
from milliwatt.ops.strided_view import integers

Array = npt.NDArray[Any]

ATTRIBUTES = {"align_corners": Attribute("bool", False), "half_pixel_centers": Attribute("bool", False)}

FRACTION = 1 << 10
"""Steps per pixel of the integer positions."""


@dataclass(frozen=True)
class Between:
    """Where the pixels of one output axis lie in the input: between two indices, each with a weight.

    Attributes:
        lower, upper: the two indices of each output index.
        fraction: the weight of the upper one, in 1/1024 (int64) or as float32. It may leave 0..1 at the border,
            where both indices are the same.
    """

    lower: Array
    upper: Array
    fraction: Array


def rank_4(signature: Signature) -> bool:
    """The data has four dimensions: batch, height, width and channels."""
    return len(signature.input(0).shape) == 4


def two_sizes(signature: Signature) -> bool:
    """The size is two numbers, height and width, of at least 1."""
    sizes = integers(signature, 1)
    return len(sizes) == 2 and min(sizes) >= 1


def one_convention(signature: Signature) -> bool:
    """Corners are aligned (align_corners) or centres are (half_pixel_centers), not both."""
    return not (signature.attrs["align_corners"] and signature.attrs["half_pixel_centers"])


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[batch, new height, new width, channels]."""
    batch, _, _, channels = signature.input(0).shape
    height, width = integers(signature, 1)
    return ((batch, height, width, channels),)


def axes(signature: Signature) -> tuple[tuple[int, int], tuple[int, int]]:
    """(input extent, output extent) of height and width."""
    _, in_h, in_w, _ = signature.input(0).shape
    out_h, out_w = integers(signature, 1)
    return (in_h, out_h), (in_w, out_w)


def integer_positions(size: int, output: int, signature: Signature) -> Between:
    """Positions in 1/1024 of a pixel, as TFLite's integer kernel has them."""
    if signature.attrs["align_corners"] and output > 1:
        scale = (FRACTION * (size - 1) + (output - 1) // 2) // (output - 1)
    else:
        scale = (FRACTION * size + output // 2) // output
    positions = np.arange(output, dtype=np.int64) * scale
    if signature.attrs["half_pixel_centers"]:
        positions = positions + scale // 2 - FRACTION // 2
    # A scale that was rounded upwards can lead behind the last pixel, where TFLite would read on.
    lower = np.clip(np.trunc(positions / FRACTION).astype(np.int64), 0, size - 1)
    upper = np.minimum((positions + FRACTION - 1) // FRACTION, size - 1)
    return Between(lower, upper, positions - FRACTION * lower)


def float_positions(size: int, output: int, signature: Signature) -> Between:
    """Positions in float32, as TFLite's float kernel has them."""
    scale = np.float32(size) / np.float32(output)
    if signature.attrs["align_corners"] and output > 1:
        scale = np.float32(size - 1) / np.float32(output - 1)
    index = np.arange(output, dtype=np.float32)
    half = np.float32(0.5)
    positions = (index + half) * scale - half if signature.attrs["half_pixel_centers"] else index * scale
    lower = np.clip(np.floor(positions).astype(np.int64), 0, size - 1)
    upper = np.minimum(np.ceil(positions).astype(np.int64), size - 1)
    return Between(lower, upper, positions - lower.astype(np.float32))


def nearest(size: int, output: int, signature: Signature) -> Array:
    """The nearest input index of each output index, by TFLite's float32 arithmetic."""
    align, half = signature.attrs["align_corners"], signature.attrs["half_pixel_centers"]
    if align and output > 1:
        scale = np.float32(size - 1) / np.float32(output - 1)
    else:
        scale = np.float32(size) / np.float32(output)
    positions = (np.arange(output, dtype=np.float32) + np.float32(0.5 if half else 0.0)) * scale
    rounded = [_round(float(position)) if align else math.floor(position) for position in positions]
    return np.clip(np.array(rounded, np.int64), 0, size - 1)


def _round(value: float) -> int:
    return math.floor(value + 0.5)
