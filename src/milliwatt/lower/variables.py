# SPDX-License-Identifier: Apache-2.0
"""READ_VARIABLE and ASSIGN_VARIABLE: copies out of and into state."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.program import Argument, KernelCall, StateArg, Write
from milliwatt.lower.site import Site
from milliwatt.lower.strided_moves import source_as_units

OPERATORS = ("READ_VARIABLE", "ASSIGN_VARIABLE")


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One copy of all bytes."""
    state = StateArg(site.node.states[0], "uint8_t")
    if site.node.op == "READ_VARIABLE":
        pointers: tuple[Argument, Argument] = (state, Write(site.node.outputs[0], "uint8_t"))
    else:
        pointers = (source_as_units(site, 1, 1), state)
    yield (site.call("mw_copy", {"bytes": site.signature.states[0].bytes}, pointers),)
