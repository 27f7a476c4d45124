# SPDX-License-Identifier: Apache-2.0
"""RELU, RELU6, LEAKY_RELU and ABS on quantised int16."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops import Signature, leaky_relu, relu, relu6
from milliwatt.ops.abs import rectifier as absolute
from milliwatt.ops.rectify import Rectifier

_RECTIFIERS: MappingProxyType[str, Callable[[Signature], Rectifier]] = MappingProxyType(
    {
        "ABS": absolute,
        "LEAKY_RELU": leaky_relu.rectifier,
        "RELU": relu.rectifier,
        "RELU6": relu6.rectifier,
    }
)

OPERATORS = tuple(_RECTIFIERS)


def matches(site: Site) -> bool:
    """Quantised int16."""
    kind = site.signature.input(0)
    return kind.dtype is DType.INT16 and kind.quant is not None


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel with a slope on either side of zero."""
    yield (rectify_call(site, _RECTIFIERS[site.node.op](site.signature)),)


def rectify_call(site: Site, constants: Rectifier) -> KernelCall:
    """The call of the int16 kernel with these constants."""
    params: dict[str, int | float] = {
        "count": site.signature.input(0).size,
        "input_zero": constants.input_zero,
        "output_zero": constants.output_zero,
        "absolute": int(constants.absolute),
        "negate": int(constants.negate),
        "positive_mantissa": constants.positive[0],
        "positive_exponent": constants.positive[1],
        "negative_mantissa": constants.negative[0],
        "negative_exponent": constants.negative[1],
        "low": constants.low,
        "high": constants.high,
        "rounding": int(site.rounding),
    }
    return site.call("mw_rectify_s16", params, (site.read(0), site.write()), overlaps=site.in_place(0))
