# SPDX-License-Identifier: Apache-2.0
"""QUANTIZE from float32, int16 and int32. From 8-bit data it is a table."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rectify_16 import rectify_call
from milliwatt.lower.site import Site
from milliwatt.ops.quantize import multiplier
from milliwatt.ops.rectify import Rectifier

OPERATORS = ("QUANTIZE",)

_SUFFIXES = {
    DType.INT8: "s8",
    DType.UINT8: "u8",
    DType.INT16: "s16",
    DType.INT32: "s32",
    DType.FLOAT32: "f32",
}


def matches(site: Site) -> bool:
    """Data of more than 8 bits."""
    return site.signature.input(0).dtype in (DType.FLOAT32, DType.INT16, DType.INT32)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the two element types; a narrower output may lie over the input."""
    kind, output = site.signature.input(0), site.signature.outputs[0]
    if kind.dtype is output.dtype:
        yield (_same_width(site),)
        return
    params = _float_params(site) if kind.dtype is DType.FLOAT32 else _integer_params(site)
    distance = kind.size * max(0, output.dtype.bytes - kind.dtype.bytes)
    yield (
        site.call(
            f"mw_quantize_{_SUFFIXES[kind.dtype]}_{_SUFFIXES[output.dtype]}",
            {"count": kind.size, **params},
            (site.read(0), site.write()),
            overlaps=site.in_place(0, distance=distance),
        ),
    )


def _float_params(site: Site) -> dict[str, int | float]:
    scale, zero_point = site.signature.output_quant()
    low, high = site.signature.outputs[0].dtype.limits
    return {"scale": scale, "zero_point": zero_point, "low": low, "high": high}


def _integer_params(site: Site) -> dict[str, int | float]:
    mantissa, exponent = multiplier(site.signature)
    output = site.signature.outputs[0].dtype
    limits: dict[str, int | float] = {}
    if output is not DType.INT32:
        limits = {"low": output.limits[0], "high": output.limits[1]}
    return {
        "input_zero": site.signature.quant(0)[1],
        "output_zero": site.signature.output_quant()[1],
        "mantissa": mantissa,
        "exponent": exponent,
        "rounding": int(site.rounding),
        **limits,
    }


def _same_width(site: Site) -> KernelCall:
    """int16 to int16: a line with one slope."""
    factor = multiplier(site.signature)
    input_zero, output_zero = site.signature.quant(0)[1], site.signature.output_quant()[1]
    return rectify_call(site, Rectifier(input_zero, output_zero, factor, factor, *DType.INT16.limits))
