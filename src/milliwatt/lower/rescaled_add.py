# SPDX-License-Identifier: Apache-2.0
"""ADD, SUB and SQUARED_DIFFERENCE on quantised inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.broadcast import in_place, pair_geometry
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX
from milliwatt.lower.short_add import short_form
from milliwatt.lower.site import Site
from milliwatt.ops.activation_range import integer_range
from milliwatt.ops.broadcast import is_quantised
from milliwatt.ops.rescaled_pair import RescaledPair, power_of_two_shifts, rescaled_pair

OPERATORS = ("ADD", "SUB", "SQUARED_DIFFERENCE")


def matches(site: Site) -> bool:
    """Quantised inputs."""
    return is_quantised(site.signature)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The short form where it is exact, shifts where the scales are powers of two, then the general form."""
    if site.node.op == "SQUARED_DIFFERENCE":
        yield (_call(site, "mw_squared_difference_s8", _general(rescaled_pair(site.signature), site)),)
        return
    shifts = power_of_two_shifts(site.signature)
    if shifts is not None:
        yield (_call(site, "mw_add_shifted_s16", _shifted(site, shifts)),)
        return
    if site.signature.input(0).dtype is DType.INT8:
        linear = short_form(site.signature, site.rounding)
        if linear is not None:
            yield (_call(site, "mw_add_short_s8", dataclasses.asdict(linear)),)
            return
    kernel = f"mw_add_{SUFFIX[site.signature.input(0).dtype]}"
    yield (_call(site, kernel, _general(rescaled_pair(site.signature), site) | {"second_sign": _sign(site)}),)


def _sign(site: Site) -> int:
    return -1 if site.node.op == "SUB" else 1


def _shifted(site: Site, shifts: tuple[int, int]) -> dict[str, int | float]:
    low, high = integer_range(site.signature.attrs["fused_activation_function"], site.signature.outputs[0])
    return {
        "first_shift": shifts[0],
        "second_shift": shifts[1],
        "second_sign": _sign(site),
        "low": low,
        "high": high,
    }


def _general(pair: RescaledPair, site: Site) -> dict[str, int | float]:
    return {
        "first_offset": pair.first[0],
        "first_mantissa": pair.first[1],
        "first_exponent": pair.first[2],
        "second_offset": pair.second[0],
        "second_mantissa": pair.second[1],
        "second_exponent": pair.second[2],
        "left_shift": pair.left_shift,
        "output_offset": pair.output[0],
        "output_mantissa": pair.output[1],
        "output_exponent": pair.output[2],
        "low": pair.low,
        "high": pair.high,
        "rounding": int(site.rounding),
    }


def _call(site: Site, kernel: str, params: dict[str, int | float]) -> KernelCall:
    arguments = (site.read(0), site.read(1), site.write())
    return site.call(kernel, pair_geometry(site) | params, arguments, overlaps=in_place(site))
