# SPDX-License-Identifier: Apache-2.0
"""READ_VARIABLE and ASSIGN_VARIABLE: copies out of and into state."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.lower.program import Argument, KernelCall, StateArg, Write
from milliwatt.lower.site import Site
from milliwatt.lower.strided_moves import source_as_units

OPERATORS = ("READ_VARIABLE", "ASSIGN_VARIABLE")

_WORD = 4


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One copy of all bytes, by words where there are only whole ones."""
    bytes_ = site.signature.states[0].bytes
    width = 1 if bytes_ % _WORD else _WORD
    c_type = f"uint{8 * width}_t"
    state = StateArg(site.node.states[0], c_type)
    if site.node.op == "READ_VARIABLE":
        pointers: tuple[Argument, Argument] = (state, Write(site.node.outputs[0], c_type))
    else:
        pointers = (source_as_units(site, 1, width), state)
    if width == 1:
        yield (site.call("mw_copy", {"bytes": bytes_}, pointers),)
    else:
        yield (site.call("mw_copy_4", {"words": bytes_ // _WORD}, pointers),)
