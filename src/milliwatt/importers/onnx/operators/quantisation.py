# SPDX-License-Identifier: Apache-2.0
"""QuantizeLinear and DequantizeLinear: what integers mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.onnx.site import Result, Site
from milliwatt.importers.scalars import scalar
from milliwatt.ir import DType, Quant

Array = npt.NDArray[Any]

_TYPES = ("int8", "uint8", "int16")
_CODES = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 21: "uint8", 22: "int8"}
"""ONNX's numbers of the integer types that output_dtype may name; 4-bit ones are stored in 8."""


def parameters(site: Site, first: int, *, rank: int, dtype: str) -> Quant:
    """The quantisation that the inputs ``first`` (scale) and ``first + 1`` (zero point, or absent) give.

    Raises:
        UnsupportedError: they are computed, or blocks of an axis have scales of their own.
    """
    scales = site.known(first, "scale").astype(np.float32)
    if scales.ndim > 1 or site.integer("block_size", 0):
        raise site.refusal(f"{site.node.op} with a scale per block is not supported on computed data")
    points = site.known(first + 1, "zero point") if site.has(first + 1) else np.zeros(scales.shape, np.int64)
    if not (np.isfinite(scales).all() and (scales > 0).all()) or points.size != scales.size:
        raise site.damage(
            f"{site.node.op} has a scale that is not positive and finite, or too few zero points"
        )
    info = np.iinfo(dtype)
    if points.dtype.kind not in "iu" or points.min() < info.min or points.max() > info.max:
        raise site.damage(f"{site.node.op} has a zero point outside of its type")
    axis = site.axis(site.integer("axis", 1), rank) if scales.size > 1 else None
    return Quant(tuple(scales.reshape(-1).tolist()), tuple(int(point) for point in points.reshape(-1)), axis)


def quantize_linear(site: Site) -> Result:
    """QuantizeLinear; constants are quantised here, ties to even."""
    data, point = site.constant(0), site.constant(2)
    dtype = point.dtype.name if point is not None else _CODES.get(site.integer("output_dtype", 0), "uint8")
    if data is not None:
        return _quantised(site, data, dtype)
    if dtype not in _TYPES:
        raise site.refusal(f"QuantizeLinear to {dtype} is not supported", "quantise to int8, uint8 or int16")
    quant = parameters(site, 1, rank=len(site.shape(0)), dtype=dtype)
    if quant.per_channel:
        raise site.refusal("computed data are quantised per channel", "only weights can be")
    return site.build.node("QUANTIZE", [site.value(0)], dtype=DType(dtype), quant=quant)


def dequantize_linear(site: Site) -> Result:
    """DequantizeLinear. 8-bit constants stay integers; wider ones, which are biases, become floats."""
    data = site.constant(0)
    if data is not None and (data.dtype.name not in ("int8", "uint8") or _is_blocked(site)):
        return _dequantised(site, data)
    dtype = site.dtype(0)
    if dtype.value not in _TYPES:
        return _scaled(site)
    quant = parameters(site, 1, rank=len(site.shape(0)), dtype=dtype.value)
    if data is not None:
        value = site.build.constant(data, stem=site.node.inputs[0], quant=quant)
    else:
        value = site.value(0)
        if quant.per_channel or not site.build.quantised(value, quant):
            raise site.refusal("integers are read with another scale than they were made with")
    return site.build.node("DEQUANTIZE", [value], dtype=DType.FLOAT32)


def _is_blocked(site: Site) -> bool:
    scales = site.constant(1)
    return scales is not None and (scales.ndim > 1 or bool(site.integer("block_size", 0)))


def _scaled(site: Site) -> Result:
    """Computed wide integers times their scale."""
    build, quant = site.build, parameters(site, 1, rank=len(site.shape(0)), dtype="int32")
    if quant.per_channel or quant.zero_point != (0,) or site.dtype(0) is not DType.INT32:
        raise site.refusal("computed integers of this kind cannot be dequantised")
    names = {"in_data_type": "INT32", "out_data_type": "FLOAT32"}
    real = build.node("CAST", [site.value(0)], names, dtype=DType.FLOAT32)
    return build.node("MUL", [real, scalar(build, quant.scale[0])])


def _spread(site: Site, array: Array, shape: tuple[int, ...]) -> Array:
    """Scales or zero points as they apply to each element."""
    if array.size == 1:
        return array.reshape(())
    axis = site.axis(site.integer("axis", 1), len(shape))
    if array.ndim == 1:
        if array.shape[0] != shape[axis]:
            raise site.damage(f"{site.node.op} has {array.size} scales for {shape[axis]} slices")
        return array.reshape(tuple(-1 if index == axis else 1 for index in range(len(shape))))
    block = site.integer("block_size", 0)
    if array.ndim != len(shape) or not 1 <= block <= max(shape[axis], 1):
        raise site.damage(f"{site.node.op} has scales per block that do not fit its data")
    return np.repeat(array, block, axis=axis)[tuple(slice(extent) for extent in shape)]


def _real_parameters(site: Site, shape: tuple[int, ...]) -> tuple[Array, Array]:
    scales = site.known(1, "scale").astype(np.float32)
    points = site.known(2, "zero point") if site.has(2) else np.zeros(scales.shape, np.int64)
    try:
        pair = _spread(site, scales, shape), _spread(site, points.astype(np.int64), shape)
        np.broadcast_shapes(pair[0].shape, pair[1].shape, shape)
    except ValueError as error:
        raise site.damage(f"{site.node.op} has scales that do not fit its data") from error
    return pair


def _dequantised(site: Site, data: Array) -> Array:
    scales, points = _real_parameters(site, data.shape)
    if data.dtype.kind not in "iu":
        raise site.damage("DequantizeLinear of something else than integers")
    with np.errstate(all="ignore"):
        real: Array = ((data.astype(np.int64) - points) * scales.astype(np.float64)).astype(np.float32)
    return real


def _quantised(site: Site, data: Array, dtype: str) -> Array:
    scales, points = _real_parameters(site, data.shape)
    if data.dtype.kind != "f" or dtype not in (*_TYPES, "uint16", "int32"):
        raise site.refusal(f"QuantizeLinear of {data.dtype} to {dtype} is not supported")
    info = np.iinfo(dtype)
    with np.errstate(all="ignore"):
        steps = np.rint(data.astype(np.float32) / scales).astype(np.float64) + points
        limited: Array = np.clip(np.nan_to_num(steps), info.min, info.max).astype(dtype)
    return limited


HANDLERS = {"DequantizeLinear": dequantize_linear, "QuantizeLinear": quantize_linear}
