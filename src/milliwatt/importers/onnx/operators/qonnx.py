# SPDX-License-Identifier: Apache-2.0
"""Brevitas' and QONNX's Quant: quantised and dequantised at once, with any number of bits.

Source: Pappalardo et al., "QONNX: Representing Arbitrary-Precision Quantized Neural Networks", 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.onnx.site import Result, Site
from milliwatt.importers.scalars import limited
from milliwatt.ir import DType, Quant

Array = npt.NDArray[Any]

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")

_ROUNDS = {"ROUND": np.rint, "CEIL": np.ceil, "FLOOR": np.floor, "ROUND_TO_ZERO": np.trunc}


@dataclass(frozen=True)
class _Grid:
    """The integers that are allowed, and what they mean."""

    low: int
    high: int
    scale: Array
    zero_point: Array


def _grid(site: Site) -> _Grid:
    scale, zero_point = (
        site.known(index, what).astype(np.float32) for index, what in ((1, "scale"), (2, "zero point"))
    )
    bits = float(site.known(3, "bit width").reshape(-1)[0])
    if not 1 < bits <= 32 or not (np.isfinite(scale).all() and (scale > 0).all()):
        raise site.refusal(f"Quant with {bits:g} bits, or a scale that is not positive, is not supported")
    signed, narrow = site.integer("signed", 1), site.integer("narrow", 0)
    levels = 2 ** int(bits)
    low, high = (-levels // 2 + narrow, levels // 2 - 1) if signed else (0, levels - 1 - narrow)
    if not np.array_equal(zero_point, np.rint(zero_point)) or (np.abs(zero_point) > 2**15).any():
        raise site.refusal("Quant with a zero point that is no integer is not supported")
    return _Grid(low, high, scale, zero_point.astype(np.int64))


def quant(site: Site) -> Result:
    """Quant: constants become integers behind a DEQUANTIZE, computed data pass a QUANTIZE and a DEQUANTIZE."""
    grid, data = _grid(site), site.constant(0)
    mode = site.text("rounding_mode", "ROUND").upper()
    if data is None:
        if mode != "ROUND":
            raise site.refusal(f"Quant of computed data with the rounding {mode} is not supported")
        return _computed(site, grid)
    if mode not in _ROUNDS:
        raise site.refusal(f"Quant with the rounding {mode} is not supported")
    try:
        shape = np.broadcast_shapes(data.shape, grid.scale.shape, grid.zero_point.shape)
    except ValueError as error:
        raise site.damage("Quant has a scale that does not fit its data") from error
    if shape != data.shape:
        raise site.damage("Quant has a scale that is larger than its data")
    steps = _ROUNDS[mode](data.astype(np.float32) / grid.scale).astype(np.int64) + grid.zero_point
    integers = np.clip(steps, grid.low, grid.high)
    kept = _kept(grid, data.shape)
    if kept is None or grid.low < -128 or grid.high > 127:
        return ((integers - grid.zero_point) * grid.scale).astype(np.float32)
    stored = site.build.constant(integers.astype(np.int8), stem=f"{site.node.inputs[0]}.integers", quant=kept)
    return site.build.node("DEQUANTIZE", [stored], dtype=DType.FLOAT32)


def _kept(grid: _Grid, shape: tuple[int, ...]) -> Quant | None:
    """The quantisation of a constant: one scale, or one along one axis; None for others."""
    points = (
        np.broadcast_to(grid.zero_point, grid.scale.shape) if grid.zero_point.size == 1 else grid.zero_point
    )
    if grid.scale.size == 1 and points.size == 1:
        return Quant((float(grid.scale.reshape(-1)[0]),), (int(points.reshape(-1)[0]),))
    if grid.scale.ndim != len(shape) or points.shape != grid.scale.shape:
        return None
    long_axes = [axis for axis, extent in enumerate(grid.scale.shape) if extent > 1]
    if len(long_axes) != 1:
        return None
    scales, zero_points = grid.scale.reshape(-1), points.reshape(-1)
    return Quant(tuple(scales.tolist()), tuple(int(point) for point in zero_points), long_axes[0])


def _computed(site: Site, grid: _Grid) -> Result:
    build, value = site.build, site.value(0)
    if grid.scale.size != 1 or grid.zero_point.size != 1:
        raise site.refusal("computed data are quantised per channel", "only weights can be")
    scale, point = float(grid.scale.reshape(-1)[0]), int(grid.zero_point.reshape(-1)[0])
    for dtype in (DType.INT8, DType.UINT8, DType.INT16):
        low, high = dtype.limits
        if low <= grid.low and grid.high <= high and low <= point <= high:
            break
    else:
        raise site.refusal(f"Quant of computed data to {grid.low}..{grid.high} is not supported")
    if (low, high) != (grid.low, grid.high):
        value = limited(build, value, scale * (grid.low - point), scale * (grid.high - point))
    integers = build.node("QUANTIZE", [value], dtype=dtype, quant=Quant((scale,), (point,)))
    return build.node("DEQUANTIZE", [integers], dtype=DType.FLOAT32)


HANDLERS = {"Quant": quant}
