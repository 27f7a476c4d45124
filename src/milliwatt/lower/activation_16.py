# SPDX-License-Identifier: Apache-2.0
"""EXP, GELU, LOG, LOGISTIC, RSQRT, SQRT and TANH on int16: tables with interpolation, or a float root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.ops import Signature, exp, gelu, log, logistic, rsqrt, tanh
from milliwatt.ops.activation_tables import Function, table_16_of
from milliwatt.ops.sigmoid_16 import sigmoid_table

_FUNCTIONS: MappingProxyType[str, Callable[[Signature], Function]] = MappingProxyType(
    {"EXP": exp.function, "GELU": gelu.function, "LOG": log.function, "RSQRT": rsqrt.function}
)

_FACTORS: MappingProxyType[str, Callable[[Signature], tuple[int, int]]] = MappingProxyType(
    {"LOGISTIC": logistic.factor, "TANH": tanh.factor}
)

OPERATORS = (*_FUNCTIONS, *_FACTORS, "SQRT")


def matches(site: Site) -> bool:
    """int16 data."""
    return site.signature.input(0).dtype is DType.INT16


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the operator's kind."""
    if site.node.op in _FUNCTIONS:
        yield (_table(site),)
    elif site.node.op in _FACTORS:
        yield (_sigmoid(site),)
    else:
        yield (_sqrt(site),)


def _table(site: Site) -> KernelCall:
    signature = site.signature
    table = table_16_of(signature.input(0), signature.outputs[0], _FUNCTIONS[site.node.op](signature))
    arguments = (site.read(0), site.write(), Table("table", table))
    return site.call("mw_lookup_16", {"count": signature.input(0).size}, arguments, overlaps=site.in_place(0))


def _sigmoid(site: Site) -> KernelCall:
    multiplier, shift = _FACTORS[site.node.op](site.signature)
    params: dict[str, int | float] = {
        "count": site.signature.input(0).size,
        "multiplier": multiplier,
        "shift": shift,
    }
    arguments = (site.read(0), site.write(), Table("sigmoid", sigmoid_table()))
    kernel = f"mw_{site.node.op.lower()}_s16"
    return site.call(kernel, params, arguments, overlaps=site.in_place(0))


def _sqrt(site: Site) -> KernelCall:
    scale, zero_point = site.signature.quant(0)
    output_scale, output_zero = site.signature.output_quant()
    params: dict[str, int | float] = {
        "count": site.signature.input(0).size,
        "scale": scale,
        "output_scale": output_scale,
        "input_zero": zero_point,
        "output_zero": output_zero,
    }
    return site.call("mw_sqrt_s16", params, (site.read(0), site.write()), overlaps=site.in_place(0))
