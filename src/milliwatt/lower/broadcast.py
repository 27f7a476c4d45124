# SPDX-License-Identifier: Apache-2.0
"""How kernels walk broadcast operands: merged dimensions and one mask per operand (runtime/include/mw_broadcast.h)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from milliwatt.ir import Shape
from milliwatt.lower.program import Overlap
from milliwatt.lower.site import Site

_DIMENSIONS = 6


def geometry(output: Shape, operands: Sequence[Shape], names: Sequence[str]) -> dict[str, int | float]:
    """The parameters rows, count, extent_1 to extent_4 and one ``<name>_mask`` per operand.

    Neighbouring dimensions in which every operand is either there or repeated are merged; of the at most six
    that are left the last is a kernel's row.
    """
    extents: list[int] = []
    present: list[tuple[bool, ...]] = []
    aligned = [(*(1 for _ in range(len(output) - len(shape))), *shape) for shape in operands]
    for dimension, extent in enumerate(output):
        if extent == 1:
            continue
        here = tuple(shape[dimension] == extent for shape in aligned)
        if present and present[-1] == here:
            extents[-1] *= extent
        else:
            extents.append(extent)
            present.append(here)
    missing = _DIMENSIONS - len(extents)
    extents = [1] * missing + extents
    everywhere = tuple(True for _ in operands)
    present = [everywhere] * missing + present
    masks = {
        f"{name}_mask": sum(1 << bit for bit, here in enumerate(present) if here[index])
        for index, name in enumerate(names)
    }
    return {
        "rows": math.prod(extents[:-1]),
        "count": extents[-1],
        **{f"extent_{index}": extents[index] for index in range(1, 5)},
        **masks,
    }


def pair_geometry(site: Site) -> dict[str, int | float]:
    """The parameters of a node with two operands."""
    shapes = (site.signature.input(0).shape, site.signature.input(1).shape)
    return geometry(site.signature.outputs[0].shape, shapes, ("first", "second"))


def in_place(site: Site) -> tuple[Overlap, ...]:
    """Permission to write the output over the inputs that are not repeated and whose elements are as wide.

    Kernels go forwards and read element i of every input before they write element i. Elements may also get
    narrower (comparisons): element i is then written below what is still to be read.
    """
    output = site.signature.outputs[0]
    indices = [
        index
        for index, kind in enumerate(site.signature.inputs)
        if kind is not None and kind.size == output.size and kind.dtype.bytes >= output.dtype.bytes
    ]
    return site.in_place(*indices)
