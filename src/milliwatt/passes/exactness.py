# SPDX-License-Identifier: Apache-2.0
"""Which float values integers are computed from: there a change of rounding could change an integer."""

from __future__ import annotations

from milliwatt.ir import DType, Graph


def behind_integers(graph: Graph) -> frozenset[str]:
    """Values that a QUANTIZE, or a CAST to an integer, depends on: passes that round floats otherwise leave them."""
    exact: set[str] = set()
    for node in reversed(graph.nodes):
        rounds = node.op in ("QUANTIZE", "CAST") and graph.values[node.outputs[0]].dtype is not DType.FLOAT32
        if rounds or exact.intersection(node.outputs):
            exact.update(
                name for name in node.inputs if name is not None and graph.values[name].dtype is DType.FLOAT32
            )
    return frozenset(exact)
