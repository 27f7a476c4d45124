# SPDX-License-Identifier: Apache-2.0
"""LOG_SOFTMAX of every type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.rows_8 import flip
from milliwatt.lower.site import Site
from milliwatt.lower.softmax import rows
from milliwatt.ops.fixed_log_softmax import log_softmax_exponentials, scaling
from milliwatt.ops.log_softmax import exponentials, is_float

Array = npt.NDArray[Any]

OPERATORS = ("LOG_SOFTMAX",)


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the data's type, in place if the plan likes."""
    if site.signature.input(0).dtype is DType.FLOAT32:
        arguments = (site.read(0), site.write())
        yield (site.call("mw_log_softmax_f32", rows(site), arguments, overlaps=site.in_place(0)),)
    elif is_float(site.numerics):
        yield (_float_terms(site),)
    else:
        yield (_fixed(site),)


def _float_terms(site: Site) -> KernelCall:
    scale, output_scale = site.signature.quant(0)[0], site.signature.output_quant()[0]
    params = {
        **rows(site),
        "flip": flip(site.signature.input(0).dtype),
        "scale": scale,
        "output_scale": output_scale,
        "ratio": float(np.float32(scale) / np.float32(output_scale)),
    }
    return _call(site, "mw_log_softmax_8", params, exponentials(site.signature))


def _fixed(site: Site) -> KernelCall:
    constants = scaling(site.signature)
    params = {
        **rows(site),
        "flip": flip(site.signature.input(0).dtype),
        "mantissa": constants.mantissa,
        "exponent": constants.exponent,
        "inverse_mantissa": constants.inverse_mantissa,
        "inverse_exponent": constants.inverse_exponent,
        "furthest": constants.furthest,
    }
    return _call(site, "mw_log_softmax_fixed_8", params, log_softmax_exponentials(site.signature))


def _call(site: Site, kernel: str, params: dict[str, int | float], table: Array) -> KernelCall:
    arguments = (
        replace(site.read(0), c_type="uint8_t"),
        replace(site.write(), c_type="uint8_t"),
        Table("exponentials", table),
    )
    return site.call(kernel, params, arguments, overlaps=site.in_place(0))
