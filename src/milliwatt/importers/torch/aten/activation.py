# SPDX-License-Identifier: Apache-2.0
"""Functions of each element on its own."""

from __future__ import annotations

import math
from collections.abc import Callable

from milliwatt.importers.torch.aten.arithmetic import truncated
from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType

_RANGES = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1", (0.0, 1.0): "RELU_0_TO_1"}
"""Limits that are operators of their own."""

_LINEAR_FROM = 20.0
"""Where log(1 + exp(x)) is x in float32."""


def unary(op: str) -> Callable[[Site], str]:
    """The translation of an operator that TFLite has too."""

    def translated(site: Site) -> str:
        return site.emit(op, [data(site)])

    return translated


def data(site: Site) -> str:
    """The argument ``self`` in the element type of the result."""
    return site.cast(site.value("self"), site.output_type)


def leaky_relu(site: Site) -> str:
    """Scaled below zero."""
    return site.emit("LEAKY_RELU", [data(site)], {"alpha": site.number("negative_slope")})


def limited(site: Site, value: str, low: float | None, high: float | None) -> str:
    """The value limited to low..high, either of which may be open."""
    kind = site.build.type_of(value).dtype
    if kind is DType.FLOAT32 and low is not None and high is not None and (low, high) in _RANGES:
        return site.emit(_RANGES[low, high], [value])
    if kind is DType.FLOAT32 and low == 0 and high is None:
        return site.emit("RELU", [value])
    if low is not None:
        value = site.emit("MAXIMUM", [value, site.scalar(low, kind)], dtype=kind)
    if high is not None:
        value = site.emit("MINIMUM", [value, site.scalar(high, kind)], dtype=kind)
    return value


def hardtanh(site: Site) -> str:
    """Limited to min_val..max_val."""
    return limited(site, data(site), site.number("min_val"), site.number("max_val"))


def clamp(site: Site) -> str:
    """Limited to min..max."""
    low, high = (site.number(name) if site.has(name) else None for name in ("min", "max"))
    return limited(site, data(site), low, high)


def clamp_tensors(site: Site) -> str:
    """Limited to min..max, which are tensors."""
    value, kind = data(site), site.output_type
    for name, op in (("min", "MAXIMUM"), ("max", "MINIMUM")):
        if site.has(name):
            value = site.emit(op, [value, site.operand(name, kind)], dtype=kind)
    return value


def times(site: Site, value: str, factor: float) -> str:
    """The value times a number; the value itself for 1."""
    return value if factor == 1 else site.emit("MUL", [value, site.scalar(factor, DType.FLOAT32)])


def plus(site: Site, value: str, term: float) -> str:
    """The value plus a number."""
    return site.emit("ADD", [value, site.scalar(term, DType.FLOAT32)])


def elu(site: Site) -> str:
    """scale * (max(x, 0) + alpha * (exp(min(x * input_scale, 0)) - 1))."""
    alpha, scale, inner = (site.number(name) for name in ("alpha", "scale", "input_scale"))
    value = data(site)
    if alpha == inner == 1:
        return times(site, site.emit("ELU", [value]), scale)
    positive = site.emit("RELU", [value])
    lower = site.emit("MINIMUM", [value, site.scalar(0.0, DType.FLOAT32)])
    negative = times(site, site.emit("ELU", [times(site, lower, inner)]), alpha)
    return times(site, site.emit("ADD", [positive, negative]), scale)


def prelu(site: Site) -> str:
    """Scaled below zero, with a slope per channel of axis 1."""
    slope, rank = site.value("weight"), len(site.shape("self"))
    shape = site.build.shape_of(slope)
    if len(shape) == 1 and shape[0] > 1 and rank > 2:
        slope = site.reshape(slope, (shape[0], *(1,) * (rank - 2)))
    return site.emit("PRELU", [data(site), slope])


def gelu(site: Site) -> str:
    """Exact, or by tanh."""
    return site.emit("GELU", [data(site)], {"approximate": site.arguments["approximate"] == "tanh"})


def silu(site: Site) -> str:
    """x * sigmoid(x)."""
    value = data(site)
    return site.emit("MUL", [value, site.emit("LOGISTIC", [value])])


def hard_sigmoid(site: Site) -> str:
    """relu6(x + 3) / 6."""
    return times(site, site.emit("RELU6", [plus(site, data(site), 3.0)]), 1.0 / 6.0)


def soft_plus_of(site: Site, value: str) -> str:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-abs(x))), which cannot overflow."""
    small = site.emit("EXP", [site.emit("NEG", [site.emit("ABS", [value])])])
    rest = site.emit("LOG", [plus(site, small, 1.0)])
    return site.emit("ADD", [site.emit("RELU", [value]), rest])


def soft_plus(site: Site) -> str:
    """log(1 + exp(beta * x)) / beta, and x where beta * x is above the threshold.

    Above 20, PyTorch's default, both are the same to one rounding.
    """
    beta, threshold, value = site.number("beta"), site.number("threshold"), data(site)
    inner = times(site, value, beta)
    soft = times(site, soft_plus_of(site, inner), 1.0 / beta)
    if threshold >= _LINEAR_FROM:
        return soft
    above = site.emit("GREATER", [inner, site.scalar(threshold, DType.FLOAT32)], dtype=DType.BOOL)
    return site.emit("SELECT_V2", [above, value, soft], dtype=DType.FLOAT32)


def mish(site: Site) -> str:
    """x * tanh(softplus(x))."""
    value = data(site)
    return site.emit("MUL", [value, site.emit("TANH", [soft_plus_of(site, value)])])


def log_sigmoid(site: Site) -> str:
    """-softplus(-x)."""
    return site.emit("NEG", [soft_plus_of(site, site.emit("NEG", [data(site)]))])


def reciprocal(site: Site) -> str:
    """1 / x."""
    return site.emit("DIV", [site.scalar(1.0, DType.FLOAT32), data(site)])


def logarithm(base: float) -> Callable[[Site], str]:
    """The logarithm to another base than e."""

    def translated(site: Site) -> str:
        return times(site, site.emit("LOG", [data(site)]), 1.0 / math.log(base))

    return translated


def log1p(site: Site) -> str:
    """log(1 + x)."""
    return site.emit("LOG", [plus(site, data(site), 1.0)])


def exp2(site: Site) -> str:
    """2 ** x."""
    return site.emit("EXP", [times(site, data(site), math.log(2.0))])


def expm1(site: Site) -> str:
    """exp(x) - 1."""
    return plus(site, site.emit("EXP", [data(site)]), -1.0)


def sign(site: Site) -> str:
    """-1, 0 or 1."""
    value, kind = site.value("self"), site.output_type
    zero = site.scalar(0, kind)
    above = site.cast(site.emit("GREATER", [value, zero], dtype=DType.BOOL), kind)
    below = site.cast(site.emit("LESS", [value, zero], dtype=DType.BOOL), kind)
    return site.emit("SUB", [above, below], dtype=kind)


def trunc(site: Site) -> str:
    """Without the fraction."""
    return truncated(site, data(site))


def convert(site: Site) -> str:
    """Another element type, or none."""
    return site.cast(site.value("self"), site.output_type)


def same(site: Site) -> str:
    """The value itself: what PyTorch does to memory and gradients means nothing here."""
    return site.value("self" if "self" in site.arguments else "input")


def checked_when_exported(_: Site) -> tuple[None]:
    """An assertion on types, which hold once the program is exported."""
    return (None,)


_SAME_NAMES = {
    "abs": "ABS",
    "neg": "NEG",
    "exp": "EXP",
    "log": "LOG",
    "sqrt": "SQRT",
    "rsqrt": "RSQRT",
    "floor": "FLOOR",
    "ceil": "CEIL",
    "round": "ROUND",
    "sigmoid": "LOGISTIC",
    "tanh": "TANH",
    "relu": "RELU",
    "relu6": "RELU6",
    "square": "SQUARE",
    "hardswish": "HARD_SWISH",
    "erf": "ERF",
}

TABLE = {
    **{f"aten.{name}.default": unary(op) for name, op in _SAME_NAMES.items()},
    **{
        f"aten.{name}.default": same
        for name in ("clone", "alias", "detach", "lift_fresh_copy", "contiguous", "dropout")
    },
    "aten.leaky_relu.default": leaky_relu,
    "aten.hardtanh.default": hardtanh,
    "aten.clamp.default": clamp,
    "aten.clamp_min.default": clamp,
    "aten.clamp_max.default": clamp,
    "aten.clamp.Tensor": clamp_tensors,
    "aten.elu.default": elu,
    "aten.prelu.default": prelu,
    "aten._prelu_kernel.default": prelu,
    "aten.gelu.default": gelu,
    "aten.silu.default": silu,
    "aten.hardsigmoid.default": hard_sigmoid,
    "aten.softplus.default": soft_plus,
    "aten.mish.default": mish,
    "aten.log_sigmoid.default": log_sigmoid,
    "aten.reciprocal.default": reciprocal,
    "aten.log2.default": logarithm(2.0),
    "aten.log10.default": logarithm(10.0),
    "aten.log1p.default": log1p,
    "aten.exp2.default": exp2,
    "aten.expm1.default": expm1,
    "aten.sign.default": sign,
    "aten.trunc.default": trunc,
    "aten._to_copy.default": convert,
    "aten._assert_tensor_metadata.default": checked_when_exported,
}
