# SPDX-License-Identifier: Apache-2.0
"""LOG_SOFTMAX of every type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.rows_8 import flip
from milliwatt.lower.site import Site
from milliwatt.lower.softmax import rows
from milliwatt.ops.log_softmax import exponentials

OPERATORS = ("LOG_SOFTMAX",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the data's type, in place if the plan likes."""
    if site.signature.input(0).dtype is DType.FLOAT32:
        arguments = (site.read(0), site.write())
        yield (site.call("mw_log_softmax_f32", rows(site), arguments, overlaps=site.in_place(0)),)
    else:
        yield (_int8(site),)


def _int8(site: Site) -> KernelCall:
    scale, output_scale = site.signature.quant(0)[0], site.signature.output_quant()[0]
    params = {
        **rows(site),
        "flip": flip(site.signature.input(0).dtype),
        "scale": scale,
        "output_scale": output_scale,
        "ratio": float(np.float32(scale) / np.float32(output_scale)),
    }
    arguments = (
        replace(site.read(0), c_type="uint8_t"),
        replace(site.write(), c_type="uint8_t"),
        Table("exponentials", exponentials(site.signature)),
    )
    return site.call("mw_log_softmax_8", params, arguments, overlaps=site.in_place(0))
