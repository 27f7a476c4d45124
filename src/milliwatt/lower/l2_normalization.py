# SPDX-License-Identifier: Apache-2.0
"""L2_NORMALIZATION of every type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rows_8 import flip
from milliwatt.lower.site import Site
from milliwatt.lower.softmax import rows
from milliwatt.ops.l2_normalization import EPSILON

OPERATORS = ("L2_NORMALIZATION",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the data's type, in place if the plan likes."""
    if site.signature.input(0).dtype is DType.FLOAT32:
        params = {**rows(site), "epsilon": float(EPSILON)}
        arguments = (site.read(0), site.write())
        yield (site.call("mw_l2_normalization_f32", params, arguments, overlaps=site.in_place(0)),)
    else:
        yield (_int8(site),)


def _int8(site: Site) -> KernelCall:
    dtype = site.signature.input(0).dtype
    flipped = flip(dtype)
    # TFLite multiplies uint8 data by 128 before it rescales, and int8 data by shifting the result.
    params = {
        **rows(site),
        "flip": flipped,
        "zero_point": site.signature.quant(0)[1] + flipped,
        "factor": 1 if dtype is DType.INT8 else 128,
        "raise": 7 if dtype is DType.INT8 else 0,
        "rounding": int(site.rounding),
    }
    arguments = (replace(site.read(0), c_type="uint8_t"), replace(site.write(), c_type="uint8_t"))
    return site.call("mw_l2_normalization_8", params, arguments, overlaps=site.in_place(0))
