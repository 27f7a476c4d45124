# SPDX-License-Identifier: Apache-2.0
"""DEQUANTIZE: one product per element; from 8-bit data a table is the alternative."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site

OPERATORS = ("DEQUANTIZE",)

_KERNELS = {
    DType.INT8: "mw_dequantize_s8",
    DType.UINT8: "mw_dequantize_u8",
    DType.INT16: "mw_dequantize_s16",
}


def matches(site: Site) -> bool:
    """One scale for all."""
    quant = site.signature.input(0).quant
    return quant is not None and not quant.per_channel


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The output may end where the input ends."""
    kind = site.signature.input(0)
    scale, zero_point = site.signature.quant(0)
    distance = kind.size * (site.signature.outputs[0].dtype.bytes - kind.dtype.bytes)
    yield (
        site.call(
            _KERNELS[kind.dtype],
            {"count": kind.size, "scale": scale, "zero_point": zero_point},
            (site.read(0), site.write()),
            overlaps=site.in_place(0, distance=distance),
        ),
    )
