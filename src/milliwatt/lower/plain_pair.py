# SPDX-License-Identifier: Apache-2.0
"""Operators on two operands that are not rescaled: floats, plain integers, stored extremes and logic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from milliwatt.ir import DType
from milliwatt.lower.broadcast import in_place, pair_geometry
from milliwatt.lower.program import Argument, KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops.broadcast import is_quantised
from milliwatt.ops.plain_arithmetic import plain_range

OPERATORS = (
    "ADD",
    "SUB",
    "MUL",
    "DIV",
    "SQUARED_DIFFERENCE",
    "MINIMUM",
    "MAXIMUM",
    "FLOOR_DIV",
    "FLOOR_MOD",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "PRELU",
)
_RESCALED = ("ADD", "SUB", "MUL", "DIV", "SQUARED_DIFFERENCE", "PRELU")
_DIVISIONS = ("DIV", "FLOOR_DIV", "FLOOR_MOD")

# The numbers of runtime/include/mw_operation.h. Of two bits, "and" is the smaller and "or" the larger.
_OPERATION = {
    "ADD": 1,
    "SUB": 2,
    "MUL": 3,
    "DIV": 4,
    "SQUARED_DIFFERENCE": 5,
    "MINIMUM": 6,
    "MAXIMUM": 7,
    "FLOOR_DIV": 8,
    "FLOOR_MOD": 9,
    "LOGICAL_AND": 6,
    "LOGICAL_OR": 7,
}
_SUFFIX = {
    DType.BOOL: "s8",
    DType.INT8: "s8",
    DType.INT16: "s16",
    DType.INT32: "s32",
    DType.INT64: "s64",
    DType.FLOAT32: "f32",
}
_OWN_KERNELS = {
    ("PRELU", DType.FLOAT32): "mw_prelu_f32",
    ("FLOOR_DIV", DType.FLOAT32): "mw_floor_div_f32",
    ("FLOOR_MOD", DType.FLOAT32): "mw_floor_mod_f32",
    ("FLOOR_MOD", DType.INT64): "mw_floor_mod_s64",
}


def matches(site: Site) -> bool:
    """Everything but the operators that rescale int8 and int16."""
    return not (is_quantised(site.signature) and site.node.op in _RESCALED)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the element type and group of operators."""
    params = pair_geometry(site)
    kernel = _OWN_KERNELS.get((site.node.op, site.signature.input(0).dtype))
    if kernel is None:
        kernel = _kernel(site)
        params |= {"operation": _OPERATION[site.node.op], **_limits(site)}
    arguments = tuple(map(_as_integers, (site.read(0), site.read(1), site.write())))
    yield (site.call(kernel, params, arguments, overlaps=in_place(site)),)


def _kernel(site: Site) -> str:
    kind = site.signature.input(0).dtype
    if site.node.op in _DIVISIONS and kind is not DType.FLOAT32:
        return f"mw_divide_{_SUFFIX[kind]}"
    group = "extreme" if kind in (DType.BOOL, DType.INT8, DType.INT16) else "arithmetic"
    return f"mw_{group}_{_SUFFIX[kind]}"


def _limits(site: Site) -> dict[str, int | float]:
    """The parameters of the fused activation, as each kernel takes them."""
    output = site.signature.outputs[0]
    activation = site.signature.attrs.get("fused_activation_function")
    match output.dtype:
        case DType.INT32:
            low, high = plain_range(activation or "NONE", output)
            return {"low": low, "high": high}
        case DType.INT64:
            low, high = plain_range(activation or "NONE", output)
            lowest, highest = output.dtype.limits
            has_low, has_high = low != lowest, high != highest
            return {
                "has_low": int(has_low),
                "low": low if has_low else 0,
                "has_high": int(has_high),
                "high": high if has_high else 0,
            }
        case DType.FLOAT32:
            low, high = plain_range(activation or "NONE", output)
            return {"clamped": int(activation is not None), "low": low, "high": high}
        case _:
            return {}


def _as_integers(argument: Argument) -> Argument:
    """Booleans are handed to the kernels of int8 as the 0 and 1 that they are."""
    return replace(argument, c_type="int8_t") if argument.c_type == "uint8_t" else argument
