# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime, without its own rewriting of graphs."""

from __future__ import annotations

from pathlib import Path

from milliwatt.ir import Graph
from milliwatt.measure.onnx_runtime import OnnxRuntime
from milliwatt.verification import Oracle

SUFFIXES = (".onnx",)


def of_file(path: Path, graph: Graph) -> Oracle:
    """See `milliwatt.oracles`."""
    return OnnxRuntime(path.read_bytes(), graph)
