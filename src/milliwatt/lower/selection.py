# SPDX-License-Identifier: Apache-2.0
"""SELECT and SELECT_V2, on elements of any type."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.broadcast import geometry
from milliwatt.lower.byte_view import as_bytes
from milliwatt.lower.program import KernelCall, Overlap
from milliwatt.lower.site import Site
from milliwatt.ops.select import aligned_condition

OPERATORS = ("SELECT", "SELECT_V2")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel copies elements by their bytes."""
    output = site.signature.outputs[0]
    condition = site.signature.input(0).shape
    if site.node.op == "SELECT":
        condition = aligned_condition(site.signature)
    shapes = (condition, site.signature.input(1).shape, site.signature.input(2).shape)
    params = geometry(output.shape, shapes, ("condition", "first", "second"))
    params |= {"element_bytes": output.dtype.bytes}
    arguments = (site.read(0), *map(as_bytes, (site.read(1), site.read(2), site.write())))
    yield (site.call("mw_select", params, arguments, overlaps=_in_place(site)),)


def _in_place(site: Site) -> tuple[Overlap, ...]:
    """Over an input that is not repeated; over the condition when elements are bytes."""
    output = site.signature.outputs[0]
    whole = [index for index in (0, 1, 2) if site.signature.input(index).size == output.size]
    return site.in_place(*(index for index in whole if index > 0 or output.dtype.bytes == 1))
