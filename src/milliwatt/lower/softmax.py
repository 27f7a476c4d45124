# SPDX-License-Identifier: Apache-2.0
"""SOFTMAX of every type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.rows_8 import flip
from milliwatt.lower.site import Site
from milliwatt.ops.fixed_softmax import fixed_exponentials
from milliwatt.ops.softmax import exponentials, is_float, multiplier_16, tables_16

OPERATORS = ("SOFTMAX",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the data's type."""
    dtype = site.signature.input(0).dtype
    if dtype is DType.FLOAT32:
        yield (_float(site),)
    elif dtype is DType.INT16:
        yield (_int16(site),)
    else:
        yield (_int8(site),)


def rows(site: Site) -> dict[str, int | float]:
    """Rows and depth of an operator on the last dimension."""
    kind = site.signature.input(0)
    return {"rows": kind.size // kind.shape[-1], "depth": kind.shape[-1]}


def _float(site: Site) -> KernelCall:
    params = {**rows(site), "beta": float(site.signature.attrs["beta"])}
    return site.call("mw_softmax_f32", params, (site.read(0), site.write()), overlaps=site.in_place(0))


def _int16(site: Site) -> KernelCall:
    mantissa, exponent = multiplier_16(site.signature)
    params = {**rows(site), "mantissa": mantissa, "exponent": exponent, "rounding": int(site.rounding)}
    exponential, reciprocal = tables_16()
    arguments = (
        site.read(0),
        site.write(),
        Table("exponential", exponential),
        Table("reciprocal", reciprocal),
    )
    return site.call("mw_softmax_s16", params, arguments, overlaps=site.in_place(0))


def _int8(site: Site) -> KernelCall:
    kind, output = site.signature.input(0), site.signature.outputs[0]
    wide = output.dtype is DType.INT16
    params: dict[str, int | float] = {**rows(site), "flip": flip(kind.dtype)}
    if is_float(site.numerics):
        stem, table = "mw_softmax_8", exponentials(site.signature)
        params["scale"] = site.signature.output_quant()[0]
    else:
        stem, table = "mw_softmax_fixed_8", fixed_exponentials(site.signature)
    arguments = (
        replace(site.read(0), c_type="uint8_t"),
        site.write() if wide else replace(site.write(), c_type="uint8_t"),
        Table("exponentials", table),
    )
    overlaps = site.in_place(0, distance=kind.size if wide else 0)
    return site.call(f"{stem}_16" if wide else stem, params, arguments, overlaps=overlaps)
