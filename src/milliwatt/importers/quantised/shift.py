# SPDX-License-Identifier: Apache-2.0
"""uint8 with zero point z -> int8 with zero point z - 128: the same numbers, and the faster kernels.

A model whose uint8 weights have other zero points than 128 stays as it is: its operators take uint8 throughout,
and only they take such weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from milliwatt.importers.quantised.carry import carries
from milliwatt.importers.quantised.draft import Draft
from milliwatt.ir import DType, Graph, Node, Quant, TensorType

_WEIGHED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def shift_to_int8(graph: Graph) -> Graph:
    """The graph with int8 where uint8 is quantised data; inputs and outputs keep their type."""
    draft = Draft(graph)
    if any(point != 128 for quant in _weights(draft) for point in quant.zero_point):
        return graph
    walk = _Walk(draft)
    for node in graph.nodes:
        walk.visit(node)
    return draft.finished() if walk.shifted else graph


def _weights(draft: Draft) -> Iterator[Quant]:
    """Quantisations of the uint8 weights of operators that would be integer."""
    for node in draft.graph.nodes:
        integers = draft.dequantised(node.inputs[1]) if node.op in _WEIGHED else None
        if integers is not None and draft.constant_of(integers) is not None:
            kind = draft.type_of(integers)
            if kind.dtype is DType.UINT8 and kind.quant is not None:
                yield kind.quant


def _moved(kind: TensorType) -> TensorType:
    assert kind.quant is not None
    points = tuple(point - 128 for point in kind.quant.zero_point)
    return TensorType(DType.INT8, kind.shape, replace(kind.quant, zero_point=points))


class _Walk:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.shifted: dict[str, str] = {}

    def visit(self, node: Node) -> None:
        draft = self._draft
        if node.op == "DEQUANTIZE" and self._is_legacy(str(node.inputs[0])):
            draft.append(replace(node, inputs=(self._signed(str(node.inputs[0]), node.source),)))
        elif node.op == "QUANTIZE" and self._is_legacy(node.outputs[0]):
            self._outputs(replace(node, inputs=(self._given(node.inputs[0], node.source),)))
        elif carries(draft, node) and node.inputs and all(map(self._is_legacy, node.outputs)):
            signed = [
                self._signed(name, node.source) if name is not None and self._is_legacy(name) else name
                for name in node.inputs
            ]
            self._outputs(replace(node, inputs=tuple(signed)))
        else:
            draft.append(replace(node, inputs=tuple(self._given(name, node.source) for name in node.inputs)))

    def _is_legacy(self, name: str) -> bool:
        kind = self._draft.type_of(name)
        return kind.dtype is DType.UINT8 and kind.quant is not None

    def _signed(self, name: str, source: str) -> str:
        """The int8 form of a uint8 value."""
        if name not in self.shifted:
            draft, kind = self._draft, _moved(self._draft.type_of(name))
            array = draft.constant_of(name)
            if array is not None:
                signed = (array.astype(np.int16) - 128).astype(np.int8)
                self.shifted[name] = draft.constant(f"{name}.int8", signed, kind.quant)
            else:
                self.shifted[name] = draft.value(f"{name}.int8", kind)
                draft.add("QUANTIZE", (name,), self.shifted[name], source=source)
        return self.shifted[name]

    def _outputs(self, node: Node) -> None:
        """Append a node whose uint8 outputs become int8; graph outputs are brought back behind it."""
        draft, names = self._draft, []
        for name in node.outputs:
            self.shifted[name] = draft.value(f"{name}.int8", _moved(draft.type_of(name)))
            names.append(self.shifted[name])
        draft.append(replace(node, outputs=tuple(names)))
        for name in node.outputs:
            if name in draft.graph.outputs:
                draft.add("QUANTIZE", (self.shifted[name],), name, source=node.source)

    def _given(self, name: str | None, source: str) -> str | None:
        """A value for an operator that wants it as it was: brought back to uint8 where it became int8."""
        draft = self._draft
        if name is None or name not in self.shifted or draft.constant_of(name) is not None:
            return name
        if name in draft.graph.inputs or name in draft.graph.outputs:
            return name
        back = draft.value(f"{name}.uint8", draft.type_of(name))
        draft.add("QUANTIZE", (self.shifted[name],), back, source=source)
        return back
