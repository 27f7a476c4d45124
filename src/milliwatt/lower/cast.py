# SPDX-License-Identifier: Apache-2.0
"""CAST between any two element types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site

OPERATORS = ("CAST",)

# The codes of runtime/kernels/mw_cast.h.
_CODES = {
    DType.BOOL: 0,
    DType.UINT8: 1,
    DType.INT8: 2,
    DType.INT16: 3,
    DType.INT32: 4,
    DType.INT64: 5,
    DType.FLOAT32: 6,
}


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel for all types, which are constants of the call."""
    kind, output = site.signature.input(0), site.signature.outputs[0]
    arguments = (replace(site.read(0), c_type="uint8_t"), replace(site.write(), c_type="uint8_t"))
    distance = kind.size * max(0, output.dtype.bytes - kind.dtype.bytes)
    yield (
        site.call(
            "mw_cast",
            {"count": kind.size, "from": _CODES[kind.dtype], "to": _CODES[output.dtype]},
            arguments,
            overlaps=site.in_place(0, distance=distance),
        ),
    )
