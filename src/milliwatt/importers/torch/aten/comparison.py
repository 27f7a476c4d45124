# SPDX-License-Identifier: Apache-2.0
"""Comparisons, logic and selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from milliwatt.importers.torch.element_types import element_type
from milliwatt.importers.torch.framework import torch
from milliwatt.importers.torch.site import Site
from milliwatt.ir import DType


def comparison(op: str) -> Callable[[Site], str]:
    """The translation of a comparison; both sides are brought to their common type."""

    def translated(site: Site) -> str:
        kind = common_type(site, "self", "other")
        if kind is DType.BOOL and op not in ("EQUAL", "NOT_EQUAL"):
            kind = DType.INT32
        return site.emit(op, [site.operand("self", kind), site.operand("other", kind)], dtype=DType.BOOL)

    return translated


def common_type(site: Site, left: str, right: str) -> DType:
    """The type that PyTorch computes in for these two arguments; what float64 numbers bring stays float32."""
    return element_type(torch().result_type(_sample(site, left), _sample(site, right)), where=site.where)


def _sample(site: Site, name: str) -> Any:
    argument = site.arguments[name]
    return argument.meta["val"] if hasattr(argument, "meta") else argument


def truth(site: Site, name: str) -> str:
    """A tensor as truth values: whether it is not zero."""
    value = site.value(name)
    kind = site.build.type_of(value).dtype
    if kind is DType.BOOL:
        return value
    return site.emit("NOT_EQUAL", [value, site.scalar(0, kind)], dtype=DType.BOOL)


def logic(op: str) -> Callable[[Site], str]:
    """The translation of a logical operator of two tensors."""

    def translated(site: Site) -> str:
        only_truth_values(site)
        return site.emit(op, [truth(site, "self"), truth(site, "other")], dtype=DType.BOOL)

    return translated


def opposite(site: Site) -> str:
    """not self."""
    only_truth_values(site)
    return site.emit("LOGICAL_NOT", [truth(site, "self")], dtype=DType.BOOL)


def different(site: Site) -> str:
    """self or other, but not both."""
    only_truth_values(site)
    return site.emit("NOT_EQUAL", [truth(site, "self"), truth(site, "other")], dtype=DType.BOOL)


def only_truth_values(site: Site) -> None:
    """Refuse the bitwise operators on integers."""
    if site.output_type is not DType.BOOL:
        raise site.unsupported("bits of integers")


def where(site: Site) -> str:
    """condition ? self : other."""
    kind = site.output_type
    inputs = [truth(site, "condition"), site.operand("self", kind), site.operand("other", kind)]
    return site.emit("SELECT_V2", inputs, dtype=kind)


def masked_fill(site: Site) -> str:
    """mask ? value : self."""
    kind = site.output_type
    inputs = [truth(site, "mask"), site.operand("value", kind), site.operand("self", kind)]
    return site.emit("SELECT_V2", inputs, dtype=kind)


_COMPARISONS = {
    "eq": "EQUAL",
    "ne": "NOT_EQUAL",
    "lt": "LESS",
    "le": "LESS_EQUAL",
    "gt": "GREATER",
    "ge": "GREATER_EQUAL",
}

TABLE = {
    **{
        f"aten.{name}.{form}": comparison(op)
        for name, op in _COMPARISONS.items()
        for form in ("Tensor", "Scalar")
    },
    "aten.logical_and.default": logic("LOGICAL_AND"),
    "aten.logical_or.default": logic("LOGICAL_OR"),
    "aten.logical_xor.default": different,
    "aten.logical_not.default": opposite,
    "aten.bitwise_and.Tensor": logic("LOGICAL_AND"),
    "aten.bitwise_or.Tensor": logic("LOGICAL_OR"),
    "aten.bitwise_xor.Tensor": different,
    "aten.bitwise_not.default": opposite,
    "aten.where.self": where,
    "aten.masked_fill.Scalar": masked_fill,
    "aten.masked_fill.Tensor": masked_fill,
}
