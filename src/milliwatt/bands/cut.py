# SPDX-License-Identifier: Apache-2.0
"""A choice of bands: which nodes, and how many rows each band adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cut:
    """Where bands begin and end.

    Attributes:
        start, stop: indices of the graph's nodes, ``stop`` excluded.
        heights: rows of the last node's output that each band adds, each at least 1; their sum is all rows.
    """

    start: int
    stop: int
    heights: tuple[int, ...]

    def __str__(self) -> str:
        layers = f"{self.stop - self.start} layers"
        which = f"the leading {layers}" if self.start == 0 else f"{layers} from layer {self.start} on"
        return f"{which} run in {len(self.heights)} bands of rows"

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {"start": self.start, "stop": self.stop, "heights": list(self.heights)}
