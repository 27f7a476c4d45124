# SPDX-License-Identifier: Apache-2.0
"""Float operators between DEQUANTIZE and QUANTIZE -> integer operators (ONNX's QDQ form, PyTorch's PT2E form).

A framework says which values are integers by putting QUANTIZE and DEQUANTIZE around float operators. `to_integers`
takes it at its word: in order, uint8 data become int8 (`shift`), DEQUANTIZE moves down and QUANTIZE up through
operators that only move or choose elements (`carry`), what depends on one 8-bit value alone becomes a table
(`tables`), and the operators that are left between the two compute on integers (`fuse`). What cannot stays float,
with the meaning that it had.

The integer operators requantise by this package's contracts of rounding; the framework computes in floats and
rounds half to even. Results differ by one step where both come close to a tie.
"""

from __future__ import annotations

from milliwatt.importers.graph_builder import checked
from milliwatt.importers.quantised.carry import lift_quantize, sink_dequantize
from milliwatt.importers.quantised.clean import clean
from milliwatt.importers.quantised.fuse import fuse
from milliwatt.importers.quantised.shift import shift_to_int8
from milliwatt.importers.quantised.tables import merge_tables
from milliwatt.ir import Graph


def to_integers(graph: Graph) -> Graph:
    """The graph with integer operators where the model says so; the graph itself where it says nothing.

    Raises:
        ModelError, UnsupportedError: as `graph_builder.checked` does; never for a graph that comes from it.
    """
    if not any(node.op in ("QUANTIZE", "DEQUANTIZE") for node in graph.nodes):
        return graph
    for step in (shift_to_int8, sink_dequantize, lift_quantize, merge_tables, fuse, clean):
        graph = step(graph)
    return checked(graph)
