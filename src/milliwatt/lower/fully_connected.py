# SPDX-License-Identifier: Apache-2.0
"""FULLY_CONNECTED: the portable kernels, no scratch."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX, bias_argument, constant_bias, rescaling
from milliwatt.lower.site import Site
from milliwatt.ops.accumulate import filter_zero

OPERATORS = ("FULLY_CONNECTED",)


def matches(site: Site) -> bool:
    """Any types that the operator supports; 16-bit data wants a constant bias."""
    return constant_bias(site, 2)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The portable kernel of the element type."""
    signature = site.signature
    units, depth = signature.input(1).shape
    output, tables = rescaling(site, signature, units)
    params = {"rows": signature.input(0).size // depth, "depth": depth, "units": units, **output}
    if signature.outputs[0].dtype is not DType.FLOAT32:
        params["filter_offset"] = filter_offset(site)
    arguments = (site.read(0), site.write(), site.read(1), bias_argument(site, 2, units), *tables)
    yield (site.call(f"mw_fully_connected_{SUFFIX[signature.outputs[0].dtype]}", params, arguments),)


def filter_offset(site: Site) -> int:
    """Minus the filter's zero point."""
    return -filter_zero(site.signature)
