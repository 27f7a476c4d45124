# SPDX-License-Identifier: Apache-2.0
"""Quantised models of PT2E: QUANTIZE and DEQUANTIZE around float operators (see `importers.quantised`).

Source: PyTorch 2 export quantisation, the operators `quantized_decomposed`.
"""

from __future__ import annotations

import numpy as np

from milliwatt.importers.torch.element_types import element_type
from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType, Quant


def quant_of(site: Site) -> Quant:
    """The node's quantisation, per tensor or per channel."""
    if "axis" in site.arguments:
        scales, zero_points = site.array("scales"), site.array("zero_points")
        if scales is None or (zero_points is None and site.has("zero_points")):
            raise site.unsupported("scales that are computed", hint=_STATIC)
        zeros = np.zeros(scales.shape, np.int64) if zero_points is None else zero_points
        rank = len(site.shape("input"))
        return Quant(
            tuple(float(np.float32(scale)) for scale in scales),
            tuple(int(zero) for zero in zeros),
            site.positive(site.integer("axis"), rank),
        )
    return Quant((float(np.float32(_number(site, "scale"))),), (int(_number(site, "zero_point")),))


_STATIC = "use static quantisation, whose scales are constants"


def _number(site: Site, name: str) -> float:
    """A number, given as such or as a constant tensor of one element."""
    argument = site.arguments[name]
    if isinstance(argument, int | float):
        return float(argument)
    array = site.array(name)
    if array is None or array.size != 1:
        raise site.unsupported(f"{name} is computed", hint=_STATIC)
    return float(array.reshape(-1)[0])


def quantize(site: Site) -> str:
    """Floats to integers. A narrower range than the type's becomes a limit of the floats before."""
    dtype, quant = site.output_type, quant_of(site)
    low, high = site.integer("quant_min"), site.integer("quant_max")
    value = site.value("input")
    if quant.axis is None and (low, high) != dtype.limits and dtype in (DType.INT8, DType.UINT8, DType.INT16):
        scale, zero_point = quant.scalar
        for op, limit in (("MAXIMUM", low), ("MINIMUM", high)):
            value = site.emit(op, [value, site.scalar(scale * (limit - zero_point), DType.FLOAT32)])
    return site.build.node("QUANTIZE", [value], dtype=dtype, quant=quant)


def dequantize(site: Site) -> str:
    """Integers to floats. A constant gets its quantisation here; data have it from their QUANTIZE."""
    quant = quant_of(site)
    array = site.array("input")
    if array is not None:
        kind = element_type(site.arguments["input"].meta["val"].dtype, where=site.where)
        value = site.build.constant(array.astype(kind.numpy), stem=str(site.arguments["input"]), quant=quant)
    else:
        value = site.value("input")
        if site.build.type_of(value).quant != quant:
            value = with_quant(site, value, quant)
    return site.build.node("DEQUANTIZE", [value], dtype=DType.FLOAT32)


def with_quant(site: Site, value: str, quant: Quant) -> str:
    """The same stored integers on another scale.

    Raises:
        UnsupportedError: it is not per tensor.
    """
    if quant.axis is not None:
        raise site.unsupported("data quantised per channel")
    kind = site.build.type_of(value).dtype
    attrs = {"in_data_type": kind.value.upper(), "out_data_type": kind.value.upper()}
    return site.build.node("CAST", [value], attrs, dtype=kind, quant=quant)


_FORMS = ("per_tensor.default", "per_tensor.tensor", "per_channel.default")

TABLE = {
    **{f"quantized_decomposed.quantize_{form}": quantize for form in _FORMS},
    **{f"quantized_decomposed.dequantize_{form}": dequantize for form in _FORMS},
}
