# SPDX-License-Identifier: Apache-2.0
"""Resize and Upsample in every mode: an operator of the graph where one does the same, else its definition.

The definition: nearest takes elements by constant indices, linear and cubic are a constant matrix along each axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.channel_first import to_channel_first, to_channel_last
from milliwatt.importers.onnx.operators.reduction import along_axis
from milliwatt.importers.onnx.site import Result, Site
from milliwatt.ir import DType
from milliwatt.ops.operator import Signature
from milliwatt.ops.resize import nearest

Array = npt.NDArray[Any]

MAX_EXTENT = 8192


@dataclass(frozen=True)
class _Line:
    """One axis: its extents before and after, and the scale that ONNX computes positions with."""

    axis: int
    before: int
    after: int
    scale: float


def _positions(site: Site, line: _Line) -> Array:
    """Where the output elements lie in the input, by coordinate_transformation_mode."""
    mode = site.text("coordinate_transformation_mode", "half_pixel")
    if site.node.op == "Upsample" or site.opset < 11:
        mode = "asymmetric"
    index = np.arange(line.after, dtype=np.float64)
    halves = (index + 0.5) / line.scale - 0.5
    match mode:
        case "half_pixel":
            return halves
        case "pytorch_half_pixel":
            return halves if line.after > 1 else np.zeros(1)
        case "asymmetric":
            return index / line.scale
        case "align_corners":
            return index * ((line.before - 1) / (line.after - 1)) if line.after > 1 else np.zeros(1)
        case "half_pixel_symmetric":
            adjusted = line.after / (line.scale * line.before)
            return line.before / 2 * (1 - adjusted) + halves
    raise site.refusal(f"{site.node.op} with the coordinates {mode} is not supported")


def _lines(site: Site) -> list[_Line]:
    shape = site.shape(0)
    axes = site.integers("axes") or tuple(range(len(shape)))
    places = [site.axis(axis, len(shape)) for axis in axes]
    extents = [shape[place] for place in places]
    scales, sizes = _wanted(site)
    if sizes is not None and len(sizes) == len(places):
        scales = [size / extent for size, extent in zip(sizes, extents, strict=True)]
        policy = site.text("keep_aspect_ratio_policy", "stretch")
        if policy != "stretch":
            one = min(scales) if policy == "not_larger" else max(scales)
            scales, sizes = [one] * len(scales), [math.floor(one * extent + 0.5) for extent in extents]
    elif scales is not None and len(scales) == len(places):
        sizes = [math.floor(extent * scale) for extent, scale in zip(extents, scales, strict=True)]
    if scales is None or sizes is None or len(sizes) != len(places):
        raise site.damage(f"{site.node.op} does not have one scale or size for each axis")
    if min(sizes) < 1 or max(sizes) > MAX_EXTENT or min(scales) <= 0:
        raise site.refusal(f"{site.node.op} to {list(sizes)} is not supported")
    lines = [_Line(*item) for item in zip(places, extents, sizes, scales, strict=True)]
    return [line for line in lines if line.before != line.after or line.scale != 1.0]


def _wanted(site: Site) -> tuple[list[float] | None, list[int] | None]:
    """The scales or the sizes that the node gives."""
    if site.node.op == "Upsample" and site.opset < 9:
        found = site.node.attributes.get("scales")
        return ([float(scale) for scale in found] if isinstance(found, tuple) else None), None
    place = 1 if site.node.op == "Upsample" or site.opset < 11 else 2
    if site.opset >= 11 and site.has(3):
        return None, list(site.known_integers(3, "sizes"))
    scales = site.known(place, "scales").astype(np.float64).reshape(-1)
    if not np.isfinite(scales).all() or scales.size > 16:
        raise site.damage(f"{site.node.op} has a scale that is not finite")
    return [float(scale) for scale in scales], None


def resize(site: Site) -> Result:
    """Resize, and Upsample, which is its older form."""
    lines = _lines(site)
    mode = site.text("mode", "nearest")
    if not lines:
        return site.value(0)
    if mode == "nearest":
        return _nearest(site, lines)
    if mode not in ("linear", "cubic"):
        raise site.refusal(f"{site.node.op} with the mode {mode} is not supported")
    build, value = site.build, site.value(0)
    kind = build.type_of(value)
    if kind.dtype is DType.FLOAT32:
        return _weighted(site, value, lines, cubic=mode == "cubic")
    if kind.quant is None:
        raise site.refusal(f"{site.node.op} of {kind.dtype.value} without a scale is not supported")
    real = build.node("DEQUANTIZE", [value], dtype=DType.FLOAT32)
    resized = _weighted(site, real, lines, cubic=mode == "cubic")
    return build.node("QUANTIZE", [resized], dtype=kind.dtype, quant=kind.quant)


def _weighted(site: Site, value: str, lines: list[_Line], *, cubic: bool) -> str:
    """Weighted sums of floats: by the operator for images where it does the same, else by matrices."""
    convention = None if cubic else _bilinear(site, lines)
    if convention is not None:
        return _image(site, value, lines, op="RESIZE_BILINEAR", convention=convention)
    for line in lines:
        value = along_axis(site, value, line.axis, _matrix(site, line, cubic=cubic))
    return value


def _image(site: Site, value: str, lines: list[_Line], *, op: str, convention: dict[str, bool]) -> str:
    """An operator on channel-last images."""
    build, shape = site.build, site.shape(0)
    sizes = {line.axis: line.after for line in lines}
    rank = len(shape)
    wanted = [sizes.get(axis, shape[axis]) for axis in range(2, rank)]
    size = build.integers([1, *wanted] if rank == 3 else wanted, stem="size")
    image = to_channel_last(build, value)
    return to_channel_first(build, build.node(op, [image, size], convention), rank)


def _is_image(site: Site, lines: list[_Line]) -> bool:
    return len(site.shape(0)) in (3, 4) and all(line.axis >= 2 for line in lines)


_CONVENTIONS = (
    {"align_corners": False, "half_pixel_centers": False},
    {"align_corners": False, "half_pixel_centers": True},
    {"align_corners": True, "half_pixel_centers": False},
)


def _nearest(site: Site, lines: list[_Line]) -> Result:
    build = site.build
    chosen = {line.axis: _indices(site, line) for line in lines}
    if _is_image(site, lines):
        for convention in _CONVENTIONS:
            signature = Signature("RESIZE_NEAREST_NEIGHBOR", (), (), attrs=convention)
            if all(
                np.array_equal(chosen[line.axis], nearest(line.before, line.after, signature))
                for line in lines
            ):
                return _image(site, site.value(0), lines, op="RESIZE_NEAREST_NEIGHBOR", convention=convention)
    value = site.value(0)
    for axis, places in chosen.items():
        kind = build.type_of(value)
        table = build.constant(places.astype(np.int32), stem="indices")
        value = build.node("GATHER", [value, table], {"axis": axis}, dtype=kind.dtype, quant=kind.quant)
    return value


def _indices(site: Site, line: _Line) -> Array:
    mode = site.text("nearest_mode", "round_prefer_floor")
    if site.node.op == "Upsample" or site.opset < 11:
        mode = "floor"
    rounds: dict[str, Callable[[Array], Array]] = {
        "round_prefer_floor": lambda place: np.ceil(place - 0.5),
        "round_prefer_ceil": lambda place: np.floor(place + 0.5),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    if mode not in rounds:
        raise site.refusal(f"{site.node.op} with the nearest_mode {mode} is not supported")
    # Positions that ought to be whole numbers or halves are that, but for the last bits.
    exact = np.round(_positions(site, line), 9)
    return np.clip(rounds[mode](exact).astype(np.int64), 0, line.before - 1)


def _bilinear(site: Site, lines: list[_Line]) -> dict[str, bool] | None:
    """How RESIZE_BILINEAR does the same; None where it does not."""
    plain = not (site.integer("antialias", 0) or site.integer("exclude_outside", 0))
    if not plain or not _is_image(site, lines):
        return None
    for convention in _CONVENTIONS:
        if all(np.allclose(_positions(site, line), _own(line, convention), atol=1e-6) for line in lines):
            return convention
    return None


def _own(line: _Line, convention: dict[str, bool]) -> Array:
    """Positions as RESIZE_BILINEAR has them."""
    index = np.arange(line.after, dtype=np.float64)
    if convention["align_corners"] and line.after > 1:
        return index * ((line.before - 1) / (line.after - 1))
    step = line.before / line.after
    return (index + 0.5) * step - 0.5 if convention["half_pixel_centers"] else index * step


def _matrix(site: Site, line: _Line, *, cubic: bool) -> Array:
    """The weights of every input element in every output element, [after, before] as float32.

    With antialias, the filter is as much wider as the axis shrinks.
    """
    slope = site.number("cubic_coeff_a", -0.75)
    shrink = min(line.scale, 1.0) if site.integer("antialias", 0) else 1.0
    reach = math.ceil((2 if cubic else 1) / shrink)
    if reach > 4 * MAX_EXTENT:
        raise site.refusal(f"{site.node.op} shrinks too much")
    matrix = np.zeros((line.after, line.before))
    for row, place in enumerate(_positions(site, line)):
        taps = np.arange(math.floor(place) - reach + 1, math.floor(place) + reach + 1)
        distance = np.abs(place - taps) * shrink
        weights = _cubic(distance, slope) if cubic else np.maximum(0.0, 1.0 - distance)
        if site.integer("exclude_outside", 0):
            weights = np.where((taps >= 0) & (taps < line.before), weights, 0.0)
        weights = weights / weights.sum()
        np.add.at(matrix[row], np.clip(taps, 0, line.before - 1), weights)
    return matrix.astype(np.float32)


def _cubic(distance: Array, slope: float) -> Array:
    """Keys' kernel ("Cubic convolution interpolation for digital image processing", 1981)."""
    near = ((slope + 2) * distance - (slope + 3)) * distance * distance + 1
    far = ((slope * distance - 5 * slope) * distance + 8 * slope) * distance - 4 * slope
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


HANDLERS = {"Resize": resize, "Upsample": resize}
