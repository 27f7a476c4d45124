# SPDX-License-Identifier: Apache-2.0
"""PUSH_COLUMNS: the line moves on where it lies, which is where its readers find it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from milliwatt.lower.program import KernelCall, StateArg, Write
from milliwatt.lower.residence import resident_state
from milliwatt.lower.site import Site
from milliwatt.lower.strided_moves import source_as_units

OPERATORS = ("PUSH_COLUMNS",)

_WORD = 4


def candidates(site: Site) -> Iterator[tuple[KernelCall, ...]]:
    """One kernel, by words where there are only whole ones; a copy behind it where the output lies elsewhere."""
    new, line, axis = site.signature.input(0), site.signature.states[0], site.signature.attrs["axis"]
    blocks = math.prod(line.shape[:axis])
    hop, length = new.bytes // blocks, line.bytes // blocks
    width = 1 if hop % _WORD or length % _WORD else _WORD
    state = StateArg(site.node.states[0], f"uint{8 * width}_t")
    params: dict[str, int | float] = {
        "blocks": blocks,
        "kept": (length - hop) // width,
        "added": hop // width,
    }
    pushed = site.call(f"mw_push_columns_{width}", params, (source_as_units(site, 0, width), state))
    if resident_state(site.graph, site.node) is None:
        source, target = StateArg(site.node.states[0], "uint8_t"), Write(site.node.outputs[0], "uint8_t")
        copied = site.call("mw_copy", {"bytes": line.bytes}, (source, target))
        yield (
            KernelCall(pushed.kernel, pushed.op, (), pushed.params, pushed.arguments, source=pushed.source),
            copied,
        )
    else:
        yield (pushed,)
