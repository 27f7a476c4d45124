# SPDX-License-Identifier: Apache-2.0
"""DEQUANTIZE moves down and QUANTIZE moves up through operators that only move or choose elements.

Both are exact: such an operator gives elements of its inputs (or a limit), and quantising is monotone.
"""

from __future__ import annotations

from dataclasses import replace

from milliwatt.importers.quantised.draft import Draft
from milliwatt.importers.quantised.numbers import quantised
from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.ops import find

_CHOICES = frozenset(
    {"MAX_POOL_2D", "MAXIMUM", "MINIMUM", "REDUCE_MAX", "REDUCE_MIN", "RESIZE_NEAREST_NEIGHBOR"}
)
_INDEXED = frozenset({"GATHER", "GATHER_ND", "SELECT", "SELECT_V2"})
_LIMITS = frozenset({"RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"})


def carries(draft: Draft, node: Node) -> bool:
    """Whether every output element is an input element, and fused activations do not change that."""
    operator = find(node.op)
    if node.attrs.get("fused_activation_function", "NONE") != "NONE" or node.states:
        return False
    return operator.view or operator.moves is not None or node.op in _CHOICES or node.op in _INDEXED


def _data(draft: Draft, node: Node) -> list[int]:
    """Places of the inputs whose elements are moved: those of the output's element type."""
    wanted = draft.type_of(node.outputs[0]).dtype
    return [
        index
        for index, name in enumerate(node.inputs)
        if name is not None and draft.type_of(name).dtype is wanted
    ]


def sink_dequantize(graph: Graph) -> Graph:
    """DEQUANTIZE behind the operators that only move its result; one walk from inputs to outputs."""
    draft = Draft(graph)
    for node in graph.nodes:
        if not _sunk(draft, node):
            draft.append(node)
    return draft.finished()


def _sunk(draft: Draft, node: Node) -> bool:
    if not (carries(draft, node) or node.op == "RELU") or not node.outputs:
        return False
    if draft.type_of(node.outputs[0]).dtype is not DType.FLOAT32:
        return False
    places = _data(draft, node)
    integers = {index: draft.dequantised(node.inputs[index]) for index in places}
    kinds = [draft.type_of(name) for name in integers.values() if name is not None]
    if not kinds or any(kind.quant != kinds[0].quant or kind.dtype is not kinds[0].dtype for kind in kinds):
        return False
    quant = kinds[0].quant
    if quant is None or quant.per_channel:
        return False
    missing = [index for index, name in integers.items() if name is None]
    if any(not _is_border(draft, node, index) for index in missing):
        return False
    inputs = list(node.inputs)
    for index, name in integers.items():
        inputs[index] = (
            name if name is not None else _quantised(draft, node.inputs[index], kinds[0].dtype, quant)
        )
    _append(draft, node, tuple(inputs), kinds[0].dtype, quant)
    return True


def _is_border(draft: Draft, node: Node, index: int) -> bool:
    """Whether the input is a border of the lowest number, which loses against everything."""
    array = draft.constant_of(node.inputs[index])
    return node.op == "PADV2" and array is not None and array.size == 1 and float(array.reshape(-1)[0]) == 0.0


def _append(draft: Draft, node: Node, inputs: tuple[str | None, ...], dtype: DType, quant: Quant) -> None:
    """The node on integers, with a DEQUANTIZE behind each output."""
    names = []
    for name in node.outputs:
        kind = TensorType(dtype, draft.type_of(name).shape, quant)
        names.append(draft.value(f"{name}.integers", kind))
    draft.append(replace(node, inputs=inputs, outputs=tuple(names)))
    for integer, name in zip(names, node.outputs, strict=True):
        draft.add("DEQUANTIZE", (integer,), name, source=node.source)


def _quantised(draft: Draft, name: str | None, dtype: DType, quant: Quant) -> str:
    array = draft.constant_of(name)
    assert array is not None
    return draft.constant(f"{name}.integers", quantised(array, dtype, quant), quant)


def lift_quantize(graph: Graph) -> Graph:
    """QUANTIZE before the operators whose result it alone reads; one walk from outputs to inputs."""
    draft, walk = Draft(graph), _Lift()
    for node in reversed(graph.nodes):
        walk.visit(draft, node)
    draft.nodes.reverse()
    return draft.finished()


class _Lift:
    """What is still to be quantised: float values, with the integer value that shall become of each."""

    def __init__(self) -> None:
        self._pending: dict[str, str] = {}

    def visit(self, draft: Draft, node: Node) -> None:
        if node.op == "QUANTIZE" and self._can_wait(draft, node.inputs[0], draft.type_of(node.outputs[0])):
            self._pending[str(node.inputs[0])] = node.outputs[0]
            return
        target = self._pending.pop(node.outputs[0], None) if len(node.outputs) == 1 else None
        if target is None:
            draft.nodes.append(node)
            return
        kind = draft.type_of(target)
        assert kind.quant is not None
        inputs, before = list(node.inputs), []
        for index in _data(draft, node):
            name = str(node.inputs[index])
            if draft.constant_of(name) is not None:
                inputs[index] = _quantised(draft, name, kind.dtype, kind.quant)
                continue
            shape = draft.type_of(name).shape
            integer = draft.value(f"{name}.integers", TensorType(kind.dtype, shape, kind.quant))
            inputs[index] = integer
            if self._can_wait(draft, name, kind):
                self._pending[name] = integer
            else:
                before.append(Node("QUANTIZE", (name,), (integer,), {}, (), node.source))
        draft.nodes.append(replace(node, inputs=tuple(inputs), outputs=(target,)))
        draft.nodes.extend(before)

    def _can_wait(self, draft: Draft, name: str | None, target: TensorType) -> bool:
        """Whether the float value can be made as integers by the operator that makes it."""
        maker = draft.makers.get(str(name))
        if maker is None or len(maker.outputs) != 1 or not draft.private(str(name)):
            return False
        if draft.type_of(name).dtype is not DType.FLOAT32 or str(name) in self._pending:
            return False
        if maker.op in _LIMITS:
            eight_bits = target.dtype in (DType.INT8, DType.UINT8)
            return eight_bits or (target.dtype is DType.INT16 and maker.op in ("RELU", "RELU6"))
        return carries(draft, maker) and bool(_data(draft, maker))
