# SPDX-License-Identifier: Apache-2.0
"""Two operands of which 8-bit data is the only unknown: x op constant, constant op x, x op x are tables of 256."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, TensorType
from milliwatt.lower.byte_view import as_bytes
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.ops.operator import Call

Array = npt.NDArray[Any]

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
    "PRELU",
    "EQUAL",
    "NOT_EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    "LESS",
    "LESS_EQUAL",
    "LOGICAL_AND",
    "LOGICAL_OR",
)


def matches(site: Site) -> bool:
    """8-bit data, and the other operand is a constant of one element or the data itself."""
    return site.signature.input(0).dtype in (DType.INT8, DType.UINT8) and _unknown(site) is not None


def _unknown(site: Site) -> int | None:
    """Index of the operand that varies, which has all of the output's elements; None where there is no such."""
    first, second = site.node.inputs
    size = site.signature.outputs[0].size
    if first == second:
        return 0
    for index, other in ((0, 1), (1, 0)):
        constant = site.signature.constant(other)
        if constant is not None and constant.size == 1 and site.signature.input(index).size == size:
            return index
    return None


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One load per element; in place, since the output is no wider than the input."""
    index = _unknown(site)
    if index is None:
        return
    arguments = (
        as_bytes(site.read(index)),
        as_bytes(site.write()),
        Table("table", table(site, index), "uint8_t"),
    )
    params: dict[str, int | float] = {"count": site.signature.outputs[0].size}
    yield (site.call("mw_lookup_8", params, arguments, overlaps=site.in_place(index)),)


def table(site: Site, unknown: int) -> Array:
    """The results for the bytes 0..255 of the unknown operand, by the operator's own meaning."""
    every_byte = np.arange(256, dtype=np.uint8).view(site.signature.input(0).dtype.numpy)
    same = site.node.inputs[0] == site.node.inputs[1]
    inputs: list[Array] = []
    for index in (0, 1):
        constant = site.signature.constant(index)
        line = index == unknown or same or constant is None
        inputs.append(every_byte if line or constant is None else constant.reshape(1))
    kinds = tuple(
        TensorType(site.signature.input(index).dtype, array.shape, site.signature.input(index).quant)
        for index, array in enumerate(inputs)
    )
    output = replace(site.signature.outputs[0], shape=(256,))
    signature = replace(site.signature, inputs=kinds, outputs=(output,))
    (results,) = site.operator.evaluate(Call(signature, tuple(inputs), site.numerics))
    return results.view(np.uint8)
