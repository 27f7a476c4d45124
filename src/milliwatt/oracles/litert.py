# SPDX-License-Identifier: Apache-2.0
"""LiteRT's reference kernels, whose integers are the contract ``litert``."""

from __future__ import annotations

from pathlib import Path

from milliwatt.ir import Graph
from milliwatt.measure.litert import LiteRT
from milliwatt.verification import Oracle

SUFFIXES = (".tflite", ".lite")


def of_file(path: Path, graph: Graph) -> Oracle:
    """See `milliwatt.oracles`."""
    return LiteRT(path.read_bytes(), all_tensors=True)
