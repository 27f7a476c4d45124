# SPDX-License-Identifier: Apache-2.0
"""Element-wise operators on 8-bit data: a table of 256 results, computed from the operator's own meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, TensorType
from milliwatt.lower.program import KernelCall, Table
from milliwatt.lower.site import Site
from milliwatt.ops.operator import Call

Array = npt.NDArray[Any]

OPERATORS = ()

_KERNELS = {
    DType.INT8: "mw_lookup_8",
    DType.UINT8: "mw_lookup_8",
    DType.BOOL: "mw_lookup_8",
    DType.INT16: "mw_lookup_8_s16",
    DType.INT32: "mw_lookup_8_s32",
    DType.FLOAT32: "mw_lookup_8_f32",
}


def matches(site: Site) -> bool:
    """An element-wise operator from int8 or uint8 to a type of at most 32 bits; all other inputs are constant."""
    if not site.operator.elementwise or site.signature.input(0).dtype not in (DType.INT8, DType.UINT8):
        return False
    variable = [constant for constant in site.signature.constants[1:] if constant is None]
    return not variable and site.signature.outputs[0].dtype in _KERNELS


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One table and one load per element; in place where the output is no wider than the input."""
    kind, output = site.signature.input(0), site.signature.outputs[0]
    array = table(site)
    c_type = "uint8_t" if output.dtype.bytes == 1 else output.dtype.c
    arguments = (
        replace(site.read(0), c_type="uint8_t"),
        replace(site.write(), c_type=c_type),
        Table("table", array, c_type),
    )
    # Forwards, element i of the input is read before element i of the output is written: a wider output
    # may end where the input ends.
    distance = kind.size * (output.dtype.bytes - 1)
    overlaps = site.in_place(0, distance=distance)
    yield (site.call(_KERNELS[output.dtype], {"count": kind.size}, arguments, overlaps=overlaps),)


def table(site: Site) -> Array:
    """The results for the bytes 0..255 in this order (for int8: 0..127, then -128..-1)."""
    kind, output = site.signature.input(0), site.signature.outputs[0]
    count = 256
    signature = replace(
        site.signature,
        inputs=(TensorType(kind.dtype, (count,), kind.quant), *site.signature.inputs[1:]),
        outputs=(TensorType(output.dtype, (count,), output.quant),),
    )
    every_byte = np.arange(count, dtype=np.uint8).view(kind.dtype.numpy)
    call = Call(
        signature=signature, inputs=(every_byte, *site.signature.constants[1:]), numerics=site.numerics
    )
    (results,) = site.operator.evaluate(call)
    return results.view(np.uint8) if output.dtype.bytes == 1 else results
