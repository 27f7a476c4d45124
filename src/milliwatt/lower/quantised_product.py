# SPDX-License-Identifier: Apache-2.0
"""MUL, DIV and PRELU on quantised inputs."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.broadcast import in_place, pair_geometry
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX
from milliwatt.lower.site import Site
from milliwatt.ops import div, mul, prelu
from milliwatt.ops.activation_range import integer_range
from milliwatt.ops.broadcast import is_quantised

OPERATORS = ("MUL", "DIV", "PRELU")


def matches(site: Site) -> bool:
    """Quantised inputs."""
    return is_quantised(site.signature)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the operator and element type."""
    suffix = SUFFIX[site.signature.input(0).dtype]
    activation = site.signature.attrs.get("fused_activation_function", "NONE")
    low, high = integer_range(activation, site.signature.outputs[0])
    params = pair_geometry(site) | {
        "first_offset": -site.signature.quant(0)[1],
        "second_offset": -site.signature.quant(1)[1],
        "output_offset": site.signature.output_quant()[1],
        "low": low,
        "high": high,
        **_multipliers(site),
    }
    arguments = (site.read(0), site.read(1), site.write())
    kernel = f"mw_{site.node.op.lower()}_{suffix}"
    yield (site.call(kernel, params, arguments, overlaps=in_place(site)),)


def _multipliers(site: Site) -> dict[str, int | float]:
    if site.node.op == "PRELU":
        positive, negative = prelu.multipliers(site.signature)
        return {
            "positive_mantissa": positive[0],
            "positive_exponent": positive[1],
            "negative_mantissa": negative[0],
            "negative_exponent": negative[1],
            "rounding": int(site.rounding),
        }
    if site.node.op == "DIV":
        mantissa, exponent = div.multiplier(site.signature)
        return {"mantissa": mantissa, "exponent": exponent}
    mantissa, exponent = mul.multiplier(site.signature)
    return {"mantissa": mantissa, "exponent": exponent, "rounding": int(site.rounding)}
