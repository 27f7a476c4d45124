# SPDX-License-Identifier: Apache-2.0
"""Element-wise operators of two or more broadcast inputs."""

from __future__ import annotations

import functools
from collections.abc import Callable

from milliwatt.importers.channel_first import to_channel_first, to_channel_last
from milliwatt.importers.moving import reshape
from milliwatt.importers.onnx.site import Handler, Result, Site
from milliwatt.importers.scalars import scalar
from milliwatt.ir import DType


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
    """Pow with the exponents that have an operator of their own."""
    build, value, exponent = site.build, site.value(0), site.constant(1)
    if exponent is None or exponent.size != 1:
        raise site.refusal("Pow is supported with one constant exponent: 0.5, -0.5, 1, 2, 3, 4, -1 or -2")
    powers: dict[float, Callable[[], str]] = {
        0.5: lambda: build.node("SQRT", [value]),
        -0.5: lambda: build.node("RSQRT", [value]),
        1.0: lambda: value,
        2.0: lambda: build.node("SQUARE", [value]),
        3.0: lambda: build.node("MUL", [build.node("SQUARE", [value]), value]),
        4.0: lambda: build.node("SQUARE", [build.node("SQUARE", [value])]),
        -1.0: lambda: build.node("DIV", [scalar(build, 1.0), value]),
        -2.0: lambda: build.node("DIV", [scalar(build, 1.0), build.node("SQUARE", [value])]),
    }
    make = powers.get(float(exponent.reshape(-1)[0]))
    if make is None:
        raise site.refusal(f"Pow with the exponent {float(exponent.reshape(-1)[0]):g} is not supported")
    return make()


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
