# SPDX-License-Identifier: Apache-2.0
"""BATCH_MATMUL: one strided kernel per element type; transposing and broadcasting are strides."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from milliwatt.ir import DType, Shape
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX, wide_mantissa
from milliwatt.lower.site import Site
from milliwatt.ops.batch_matmul import matrices, multiplier

OPERATORS = ("BATCH_MATMUL",)

_OUTER = 3
"""Leading dimensions that the kernel walks."""


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the element types."""
    signature = site.signature
    kind, output = signature.input(0).dtype, signature.outputs[0]
    suffix = "s8_s32" if output.dtype is DType.INT32 else SUFFIX[kind]
    params = {**_outer(site), **_inner(site), **_rescaling(site)}
    yield (site.call(f"mw_batch_matmul_{suffix}", params, (site.read(0), site.read(1), site.write())),)


def _outer(site: Site) -> dict[str, int | float]:
    extents = _padded(site.signature.outputs[0].shape[:-2])
    params: dict[str, int | float] = {f"extent_{index}": extent for index, extent in enumerate(extents)}
    for index, name in ((0, "left"), (1, "right")):
        shape = site.signature.input(index).shape
        leading, matrix = _padded(shape[:-2]), math.prod(shape[-2:])
        strides = [matrix * math.prod(leading[position + 1 :]) for position in range(_OUTER)]
        for position, (stride, extent) in enumerate(zip(strides, leading, strict=True)):
            params[f"{name}_{position}"] = stride if extent > 1 else 0
    return params


def _padded(leading: Shape) -> Shape:
    return (1,) * (_OUTER - len(leading)) + leading


def _inner(site: Site) -> dict[str, int | float]:
    (rows, depth), (_, columns) = matrices(site.signature)
    left, right = site.signature.attrs["adj_x"], site.signature.attrs["adj_y"]
    return {
        "rows": rows,
        "columns": columns,
        "depth": depth,
        "left_row": 1 if left else depth,
        "left_step": rows if left else 1,
        "right_column": depth if right else 1,
        "right_step": 1 if right else columns,
    }


def _rescaling(site: Site) -> dict[str, int | float]:
    signature, output = site.signature, site.signature.outputs[0].dtype
    if output in (DType.FLOAT32, DType.INT32):
        return {}
    offsets: dict[str, int | float] = {}
    mantissa, exponent = multiplier(signature)
    if output is DType.INT16:
        mantissa = int(wide_mantissa(np.array([mantissa], np.int32), site.rounding)[0])
    else:
        offsets = {
            "left_offset": -signature.quant(0)[1],
            "right_offset": -signature.quant(1)[1],
            "output_offset": signature.output_quant()[1],
        }
    return {**offsets, "mantissa": mantissa, "exponent": exponent, "rounding": int(site.rounding)}
