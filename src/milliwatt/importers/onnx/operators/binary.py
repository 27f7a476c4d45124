# SPDX-License-Identifier: Apache-2.0
"""Element-wise operators of two or more broadcast inputs."""

from __future__ import annotations

import functools

from milliwatt.importers.channel_first import to_channel_first, to_channel_last
from milliwatt.importers.moving import reshape
from milliwatt.importers.onnx.site import Handler, Result, Site
from milliwatt.importers.scalars import scalar
from milliwatt.ir import DType

MAX_WHOLE_EXPONENT = 64


def _pair(op: str, *, dtype: DType | None = None) -> Handler:
    def handle(site: Site) -> Result:
        return site.build.node(op, [site.value(0), site.value(1)], dtype=dtype)

    return handle


def _many(op: str) -> Handler:
    """Operators of any number of inputs, as a chain of pairs."""

    def handle(site: Site) -> Result:
        def pair(left: str, right: str) -> str:
            return site.build.node(op, [left, right])

        return functools.reduce(pair, site.values())

    return handle


def mean(site: Site) -> Result:
    """Mean of all inputs, element by element."""
    total = _many("ADD")(site)
    return site.build.node("DIV", [str(total), scalar(site.build, float(len(site.node.inputs)))])


def mod(site: Site) -> Result:
    """Mod with the divisor's sign (fmod=0); C's fmod is not supported on computed data."""
    if site.integer("fmod", 0):
        raise site.refusal("Mod with fmod=1 is not supported")
    return site.build.node("FLOOR_MOD", [site.value(0), site.value(1)])


def power(site: Site) -> Result:
    """Pow with one constant exponent."""
    exponent = site.constant(1)
    if exponent is None or exponent.size != 1 or site.dtype(0) is not DType.FLOAT32:
        raise site.refusal("Pow is supported for floats, with one constant exponent")
    return power_of(site, site.value(0), float(exponent.reshape(-1)[0]))


def power_of(site: Site, value: str, exponent: float) -> str:
    """A value to a power: products for small whole exponents, else exp(exponent * log(x))."""
    build = site.build
    if exponent < 0 and exponent != -0.5:
        return build.node("DIV", [scalar(build, 1.0), power_of(site, value, -exponent)])
    if exponent in (0.5, -0.5):
        return build.node("SQRT" if exponent > 0 else "RSQRT", [value])
    if exponent != int(exponent) or not 1 <= exponent <= MAX_WHOLE_EXPONENT:
        # Not a number below zero, as pow has it there for exponents that are not whole.
        if exponent == int(exponent):
            raise site.refusal(f"Pow with the exponent {exponent:g} is not supported")
        return build.node("EXP", [build.node("MUL", [build.node("LOG", [value]), scalar(build, exponent)])])
    if exponent == 1:
        return value
    half = power_of(site, value, exponent // 2)
    whole = build.node("SQUARE", [half])
    return whole if exponent % 2 == 0 else build.node("MUL", [whole, value])


def prelu(site: Site) -> Result:
    """PRelu: x above zero, slope * x below. A slope per channel works on channel-last data."""
    build, value, shape = site.build, site.value(0), site.shape(0)
    slope, slope_shape = site.value(1), site.shape(1)
    per_channel = len(shape) in (3, 4) and slope_shape == (shape[1], *(1,) * (len(shape) - 2))
    if per_channel:
        channel_last = to_channel_last(build, value)
        alpha = reshape(build, slope, (1, 1, shape[1]))
        return to_channel_first(build, build.node("PRELU", [channel_last, alpha]), len(shape))
    positive, negative = build.node("RELU", [value]), build.node("MINIMUM", [value, scalar(build, 0.0)])
    return build.node("ADD", [positive, build.node("MUL", [negative, slope])])


def where(site: Site) -> Result:
    """Where: the second input where the first is true, else the third."""
    inputs = [site.value(index) for index in range(3)]
    return site.build.node(
        "SELECT_V2", inputs, dtype=site.dtype(1), quant=site.build.type_of(inputs[1]).quant
    )


def exclusive_or(site: Site) -> Result:
    """Xor of truth values: whether they differ."""
    return site.build.node("NOT_EQUAL", [site.value(0), site.value(1)], dtype=DType.BOOL)


HANDLERS = {
    "Add": _pair("ADD"),
    "And": _pair("LOGICAL_AND", dtype=DType.BOOL),
    "Div": _pair("DIV"),
    "Equal": _pair("EQUAL", dtype=DType.BOOL),
    "Greater": _pair("GREATER", dtype=DType.BOOL),
    "GreaterOrEqual": _pair("GREATER_EQUAL", dtype=DType.BOOL),
    "Less": _pair("LESS", dtype=DType.BOOL),
    "LessOrEqual": _pair("LESS_EQUAL", dtype=DType.BOOL),
    "Max": _many("MAXIMUM"),
    "Mean": mean,
    "Min": _many("MINIMUM"),
    "Mod": mod,
    "Mul": _pair("MUL"),
    "Or": _pair("LOGICAL_OR", dtype=DType.BOOL),
    "PRelu": prelu,
    "Pow": power,
    "Sub": _pair("SUB"),
    "Sum": _many("ADD"),
    "Where": where,
    "Xor": exclusive_or,
}
