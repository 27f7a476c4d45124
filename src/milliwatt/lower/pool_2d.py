# SPDX-License-Identifier: Apache-2.0
"""AVERAGE_POOL_2D and MAX_POOL_2D: the portable kernels, and averages of four channels with DSP instructions."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import DType
from milliwatt.lower.conv_2d import distance, geometry
from milliwatt.lower.program import KernelCall
from milliwatt.lower.rescale_tables import SUFFIX
from milliwatt.lower.site import Site
from milliwatt.ops.activation_range import float_range, integer_range
from milliwatt.ops.pool import axes

OPERATORS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")

_LARGEST_SUM = 255
_NOT_OF_POOLS = ("in_c", "out_c", "dilation_h", "dilation_w")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """The kernel of the element type, behind the one with DSP instructions where that fits."""
    kernel = f"mw_{site.node.op.lower()}_{SUFFIX[site.signature.outputs[0].dtype]}"
    if by_fours(site):
        yield (_call(site, f"{kernel}_dsp"),)
    yield (_call(site, kernel),)


def by_fours(site: Site) -> bool:
    """Whether sums of int8 fit 16 bits: 255 times -128 does, 256 times does not."""
    data = site.signature.input(0)
    rows, columns = axes(site.signature)
    largest = min(rows.window, rows.input) * min(columns.window, columns.input)
    average = site.node.op == "AVERAGE_POOL_2D" and data.dtype is DType.INT8
    return site.core.dsp and average and data.shape[3] % 4 == 0 and largest <= _LARGEST_SUM


def _call(site: Site, kernel: str) -> KernelCall:
    rows, columns = axes(site.signature)
    output = site.signature.outputs[0]
    shapes = geometry(site, rows, columns)
    params = {name: value for name, value in shapes.items() if name not in _NOT_OF_POOLS}
    activation = site.signature.attrs["fused_activation_function"]
    integers = output.dtype is not DType.FLOAT32
    low, high = integer_range(activation, output) if integers else float_range(activation)
    params |= {"channels": output.shape[3], "low": low, "high": high}
    overlaps = site.in_place(0, distance=distance(site, rows, columns))
    return site.call(kernel, params, (site.read(0), site.write()), overlaps=overlaps)
