# SPDX-License-Identifier: Apache-2.0
"""GATHER and GATHER_ND: runs of elements copied from where indices say."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType
from milliwatt.lower.program import Argument, KernelCall, Read, Table, Write
from milliwatt.lower.site import Site
from milliwatt.lower.strided_moves import source_as_units
from milliwatt.ops.gather import axis_of, batch_dims_of

OPERATORS = ("GATHER", "GATHER_ND")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The widest of the three kernels that fits the runs."""
    shape = site.signature.input(0).shape
    indices = site.signature.input(1)
    if site.node.op == "GATHER":
        axis, batch = axis_of(site.signature), batch_dims_of(site.signature)
        loops = (math.prod(shape[:batch]), math.prod(shape[batch:axis]), math.prod(indices.shape[batch:]))
        leading = shape[axis : axis + 1]
        run = math.prod(shape[axis + 1 :])
    else:
        loops = (1, 1, math.prod(indices.shape[:-1]))
        leading = shape[: indices.shape[-1]]
        run = math.prod(shape[len(leading) :])
    yield (_call(site, loops, leading, run * site.signature.input(0).dtype.bytes),)


def _call(site: Site, loops: tuple[int, int, int], leading: tuple[int, ...], run_bytes: int) -> KernelCall:
    width = math.gcd(4, run_bytes)
    run = run_bytes // width
    axes = [(extent, run * math.prod(leading[place + 1 :])) for place, extent in enumerate(leading)]
    batches, outer, count = loops
    params: dict[str, int | float] = {
        "batches": batches,
        "outer": outer,
        "count": count,
        "depth": len(leading),
        "run": run,
        "block": run * math.prod(leading),
        "index_words": 2 if site.signature.input(1).dtype is DType.INT64 and _indices_vary(site) else 1,
    }
    pointers = (
        source_as_units(site, 0, width),
        Write(site.node.outputs[0], f"uint{8 * width}_t"),
        _indices(site),
        Table("axes", np.array(axes, np.int32)),
    )
    return site.call(f"mw_gather_{width}", params, pointers)


def _indices_vary(site: Site) -> bool:
    return site.signature.constant(1) is None


def _indices(site: Site) -> Argument:
    constant = site.signature.constant(1)
    if constant is not None:
        return Table("indices", constant.astype(np.int32))
    return Read(str(site.node.inputs[1]), "int32_t")
