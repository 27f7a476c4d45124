# SPDX-License-Identifier: Apache-2.0
"""What a node of one band says of where it comes from, and how to tell the layer from that."""

from __future__ import annotations

import re

_ROWS = re.compile(r" \(rows \d+ to \d+\)$")


def source_of_rows(source: str, first: int, end: int) -> str:
    """The source of a node that computes the rows ``first`` to ``end``, excluded, of a layer."""
    return f"{source} (rows {first} to {end - 1})"


def layer_of(source: str) -> str:
    """The source of the layer, from that of a node or call of one of its bands; others are their own."""
    return _ROWS.sub("", source)
