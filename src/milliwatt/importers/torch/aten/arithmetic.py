# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of two tensors, or of a tensor and a number. Operands are brought to the result's type first."""

from __future__ import annotations

import math
from collections.abc import Callable

from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType

_LARGEST_POWER = 8
"""The largest whole exponent that becomes products."""


def binary(op: str) -> Callable[[Site], str]:
    """The translation of ``op(self, other)``."""

    def translated(site: Site) -> str:
        kind = site.output_type
        return site.emit(op, [site.operand("self", kind), site.operand("other", kind)], dtype=kind)

    return translated


def scaled(op: str, *, swapped: bool = False) -> Callable[[Site], str]:
    """The translation of ``self + alpha * other`` and ``self - alpha * other``, or of the latter turned round."""

    def translated(site: Site) -> str:
        kind = site.output_type
        left, right = site.operand("self", kind), site.operand("other", kind)
        if swapped:
            left, right = right, left
        if site.arguments["alpha"] != 1:
            right = site.emit("MUL", [right, site.scalar(site.arguments["alpha"], kind)], dtype=kind)
        return site.emit(op, [left, right], dtype=kind)

    return translated


def quotient(site: Site) -> str:
    """self / other, rounded down or towards zero where rounding_mode says so."""
    kind, mode = site.output_type, site.arguments.get("rounding_mode")
    operands = [site.operand("self", kind), site.operand("other", kind)]
    if mode == "floor":
        return site.emit("FLOOR_DIV", operands, dtype=kind)
    exact = site.emit("DIV", operands, dtype=kind)
    return truncated(site, exact) if mode == "trunc" and kind is DType.FLOAT32 else exact


def truncated(site: Site, value: str) -> str:
    """The value without its fraction."""
    negative = site.emit("LESS", [value, site.scalar(0.0, DType.FLOAT32)], dtype=DType.BOOL)
    up, down = site.emit("CEIL", [value]), site.emit("FLOOR", [value])
    return site.emit("SELECT_V2", [negative, up, down], dtype=DType.FLOAT32)


def power(site: Site) -> str:
    """self ** exponent: products, roots, or exp(exponent * log(self)), which is NaN below zero as pow is.

    Raises:
        UnsupportedError: both are computed.
    """
    kind, exponent = site.output_type, site.arguments["exponent"]
    if not isinstance(exponent, int | float):
        array = site.array("exponent")
        if array is None or array.size != 1:
            raise site.unsupported("the exponent is not one constant number")
        exponent = array.reshape(-1)[0].item()
    if not isinstance(site.arguments["self"], int | float):
        base = site.cast(site.value("self"), kind)
        return power_of(site, base, float(exponent))
    raise site.unsupported("a number to the power of a tensor")


def power_of(site: Site, base: str, exponent: float) -> str:
    """A value to the power of a number."""
    kind = site.build.type_of(base).dtype
    if exponent == int(exponent) and 1 <= exponent <= _LARGEST_POWER:
        return whole_power(site, base, int(exponent))
    if kind is not DType.FLOAT32:
        raise site.unsupported(f"the power {exponent:g} of integers")
    if exponent < 0:
        return site.emit("DIV", [site.scalar(1.0, kind), power_of(site, base, -exponent)])
    if exponent == 0.5:
        return site.emit("SQRT", [base])
    if exponent == int(exponent):
        raise site.unsupported(f"the power {exponent:g}")
    logarithm = site.emit("LOG", [base])
    return site.emit("EXP", [site.emit("MUL", [logarithm, site.scalar(exponent, kind)])])


def whole_power(site: Site, base: str, exponent: int) -> str:
    """A value to a whole power, by squaring."""
    kind = site.build.type_of(base).dtype
    if exponent == 1:
        return base
    half = whole_power(site, base, exponent // 2)
    square = site.emit("MUL", [half, half], dtype=kind)
    return square if exponent % 2 == 0 else site.emit("MUL", [square, base], dtype=kind)


def exponential(site: Site) -> str:
    """number ** tensor, as exp(tensor * log(number))."""
    base, kind = site.number("self"), site.output_type
    if base <= 0 or kind is not DType.FLOAT32:
        raise site.unsupported("a base that is not positive, or integers")
    value = site.operand("exponent", kind)
    return site.emit("EXP", [site.emit("MUL", [value, site.scalar(math.log(base), kind)])])


TABLE = {
    **{f"aten.add.{form}": scaled("ADD") for form in ("Tensor", "Scalar")},
    **{f"aten.sub.{form}": scaled("SUB") for form in ("Tensor", "Scalar")},
    **{f"aten.rsub.{form}": scaled("SUB", swapped=True) for form in ("Tensor", "Scalar")},
    **{f"aten.mul.{form}": binary("MUL") for form in ("Tensor", "Scalar")},
    **{f"aten.div.{form}": quotient for form in ("Tensor", "Scalar", "Tensor_mode", "Scalar_mode")},
    **{f"aten.remainder.{form}": binary("FLOOR_MOD") for form in ("Tensor", "Scalar")},
    "aten.floor_divide.default": binary("FLOOR_DIV"),
    "aten.maximum.default": binary("MAXIMUM"),
    "aten.minimum.default": binary("MINIMUM"),
    "aten.pow.Tensor_Scalar": power,
    "aten.pow.Tensor_Tensor": power,
    "aten.pow.Scalar": exponential,
}
