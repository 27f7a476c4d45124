# SPDX-License-Identifier: Apache-2.0
"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.broadcast import in_place, pair_geometry
from milliwatt.lower.program import Argument, KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops.comparison import LEFT_SHIFT, constants, rescaled, rescales

# Sets of outcomes, as in runtime/include/mw_relation.h: 1 less, 2 equal, 4 greater, 8 unordered.
_RELATION = {
    "EQUAL": 2,
    "NOT_EQUAL": 1 + 4 + 8,
    "GREATER": 4,
    "GREATER_EQUAL": 2 + 4,
    "LESS": 1,
    "LESS_EQUAL": 1 + 2,
}
OPERATORS = tuple(_RELATION)
_SUFFIX = {
    DType.BOOL: "s8",
    DType.INT8: "s8",
    DType.INT16: "s16",
    DType.INT32: "s32",
    DType.INT64: "s64",
    DType.FLOAT32: "f32",
}


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """Stored numbers are compared as they are where that gives the same for all of them."""
    kind = site.signature.input(0).dtype
    params = pair_geometry(site) | {"relation": _RELATION[site.node.op]}
    kernel = f"mw_compare_{_SUFFIX[kind]}"
    if rescales(site.signature) and not _keeps_order(site):
        kernel = f"mw_compare_rescaled_{_SUFFIX[kind]}"
        params |= _scales(site)
    arguments = (_integers(site.read(0)), _integers(site.read(1)), site.write())
    yield (site.call(kernel, params, arguments, overlaps=in_place(site)),)


def _keeps_order(site: Site) -> bool:
    """Both inputs have one scale and zero point, and rescaling makes no two numbers equal."""
    if site.signature.input(0).quant != site.signature.input(1).quant:
        return False
    low, high = site.signature.input(0).dtype.limits
    return bool(np.all(np.diff(rescaled(site.signature, 0, np.arange(low, high + 1))) > 0))


def _scales(site: Site) -> dict[str, int | float]:
    params: dict[str, int | float] = {"left_shift": LEFT_SHIFT}
    for index, name in enumerate(("first", "second")):
        offset, mantissa, exponent = constants(site.signature, index)
        params |= {f"{name}_offset": offset, f"{name}_mantissa": mantissa, f"{name}_exponent": exponent}
    return params


def _integers(argument: Argument) -> Argument:
    """Booleans are compared as the 0 and 1 that they are."""
    return replace(argument, c_type="int8_t") if argument.c_type == "uint8_t" else argument
