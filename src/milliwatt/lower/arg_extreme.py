# SPDX-License-Identifier: Apache-2.0
"""ARG_MAX and ARG_MIN."""

from __future__ import annotations

import math
from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.byte_view import as_bytes
from milliwatt.lower.program import KernelCall
from milliwatt.lower.site import Site
from milliwatt.ops.arg_extreme import axis_of

OPERATORS = ("ARG_MAX", "ARG_MIN")

_SUFFIX = {
    DType.INT8: "s8",
    DType.UINT8: "u8",
    DType.BOOL: "u8",
    DType.INT32: "s32",
    DType.FLOAT32: "f32",
}


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the element type; indices are stored by their bytes."""
    kind, axis = site.signature.input(0), axis_of(site.signature)
    params: dict[str, int | float] = {
        "outer": math.prod(kind.shape[:axis]),
        "extent": kind.shape[axis],
        "inner": math.prod(kind.shape[axis + 1 :]),
        "maximum": int(site.node.op == "ARG_MAX"),
        "index_bytes": site.signature.outputs[0].dtype.bytes,
    }
    arguments = (site.read(0), as_bytes(site.write()))
    yield (site.call(f"mw_arg_extreme_{_SUFFIX[kind.dtype]}", params, arguments),)
