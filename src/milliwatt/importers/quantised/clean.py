# SPDX-License-Identifier: Apache-2.0
"""What the other steps leave: pairs that undo each other, DEQUANTIZE of constants, nodes that nobody reads."""

from __future__ import annotations

from dataclasses import replace

from milliwatt.importers.quantised.draft import Draft
from milliwatt.importers.quantised.numbers import dequantised
from milliwatt.ir import Graph


def clean(graph: Graph) -> Graph:
    """One walk, then the nodes that an output needs."""
    draft, renamed = Draft(graph), dict[str, str]()
    for node in graph.nodes:
        inputs = tuple(None if name is None else renamed.get(name, name) for name in node.inputs)
        current = replace(node, inputs=inputs)
        array = draft.constant_of(current.inputs[0]) if node.op == "DEQUANTIZE" else None
        source = draft.dequantised(current.inputs[0]) if node.op == "QUANTIZE" else None
        if array is not None:
            quant = draft.type_of(current.inputs[0]).quant
            assert quant is not None
            renamed[node.outputs[0]] = draft.constant(
                f"{node.outputs[0]}.real", dequantised(array, quant), None
            )
            if node.outputs[0] not in graph.outputs:
                continue
        elif source is not None and draft.type_of(source) == draft.type_of(node.outputs[0]):
            renamed[node.outputs[0]] = source
            if node.outputs[0] not in graph.outputs:
                continue
        draft.append(current)
    whole = draft.finished()
    needed, kept = set(whole.outputs), []
    for node in reversed(whole.nodes):
        if needed.intersection(node.outputs) or node.states:
            kept.append(node)
            needed.update(name for name in node.inputs if name is not None)
    return whole.replace(nodes=tuple(reversed(kept))).pruned()
