# SPDX-License-Identifier: Apache-2.0
"""Operators between DEQUANTIZE and QUANTIZE compute on integers, where their integer form takes the types.

An integer form is tried, and taken when the operator's own table of types and constraints accepts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from milliwatt.importers.quantised.averages import requantising_average
from milliwatt.importers.quantised.draft import Draft
from milliwatt.importers.quantised.weights import BIASES, with_weights
from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.ops import Signature, find

_PAIRS = frozenset({"ADD", "SUB", "MUL", "DIV", "SQUARED_DIFFERENCE"})
_GENERAL = frozenset({"MEAN", "SUM", "BATCH_MATMUL", "PRELU", *_PAIRS})
_SAME_QUANT = frozenset({"AVERAGE_POOL_2D", "RESIZE_BILINEAR"})
_RESIZE_STEPS = 1024
_FIXED: dict[str, Callable[[DType], Quant | None]] = {
    "SOFTMAX": lambda dtype: {
        DType.INT8: Quant((1 / 256,), (-128,)),
        DType.UINT8: Quant((1 / 256,), (0,)),
    }.get(dtype),
}
"""Operators whose integer form has one output quantisation only; a QUANTIZE behind brings it to the model's. The
16-bit forms of SOFTMAX, LOGISTIC and TANH interpolate tables, several steps off: they stay floats."""


def fuse(graph: Graph) -> Graph:
    """One walk; the DEQUANTIZE that nobody reads any more are left to `clean`."""
    draft, walk = Draft(graph), _Walk()
    for node in graph.nodes:
        if not walk.fused(draft, node):
            draft.append(node)
    return draft.finished()


class _Walk:
    def __init__(self) -> None:
        self._done: set[str] = set()
        """Integer values that stand already, so that their QUANTIZE is dropped."""

    def fused(self, draft: Draft, node: Node) -> bool:
        """Append the integer form of a node and of the QUANTIZE behind it; False where there is none."""
        if node.op == "QUANTIZE":
            return node.outputs[0] in self._done
        if len(node.outputs) != 1 or not draft.private(node.outputs[0]):
            return False
        reader = draft.users[node.outputs[0]][0]
        if reader.op != "QUANTIZE" or draft.type_of(node.outputs[0]).dtype is not DType.FLOAT32:
            return False
        if not _integer_form(draft, node, reader.outputs[0]):
            return False
        self._done.add(reader.outputs[0])
        return True


def _integer_form(draft: Draft, node: Node, target: str) -> bool:
    if node.op in BIASES:
        found = with_weights(draft, node, draft.type_of(target))
        return found is not None and _accepted(draft, found, target)
    data = draft.dequantised(node.inputs[0]) if node.inputs else None
    if node.op in _GENERAL:
        inputs = _operands(draft, node)
        return inputs is not None and _accepted(draft, replace(node, inputs=inputs), target)
    if data is None or node.op not in (*_SAME_QUANT, *_FIXED):
        return False
    if node.op == "RESIZE_BILINEAR" and not _exact_positions(draft, node):
        return False
    kind = draft.type_of(data)
    quant = kind.quant if node.op in _SAME_QUANT else _FIXED[node.op](kind.dtype)
    if quant is None or quant.per_channel:
        return False
    integers = replace(node, inputs=(data, *node.inputs[1:]))
    if quant == draft.type_of(target).quant:
        return _accepted(draft, integers, target)
    if node.op == "AVERAGE_POOL_2D":
        average = requantising_average(draft, node, data, draft.type_of(target))
        if average is not None and _accepted(draft, average, target):
            return True
    return _through(draft, integers, target, quant)


def _exact_positions(draft: Draft, node: Node) -> bool:
    """Whether the positions of output pixels are whole in the steps in which the integer kernel counts them."""
    pairs = zip(
        draft.type_of(node.inputs[0]).shape[1:3], draft.type_of(node.outputs[0]).shape[1:3], strict=True
    )
    if node.attrs.get("align_corners"):
        return all(after == 1 or _RESIZE_STEPS * (before - 1) % (after - 1) == 0 for before, after in pairs)
    return all(_RESIZE_STEPS * before % (2 * after) == 0 for before, after in pairs)


def _through(draft: Draft, node: Node, target: str, quant: Quant) -> bool:
    """The operator in its own quantisation, and a QUANTIZE to the model's."""
    dtype, shape = draft.type_of(node.inputs[0]).dtype, draft.type_of(target).shape
    between = TensorType(dtype, shape, quant)
    if not _accepts(draft, node, between):
        return False
    name = draft.value(f"{target}.own", between)
    draft.append(replace(node, outputs=(name,)))
    draft.add("QUANTIZE", (name,), target, source=node.source)
    return True


def _operands(draft: Draft, node: Node) -> tuple[str | None, ...] | None:
    """Integers for every float input: what it is the DEQUANTIZE of, or a single number as the integer 127."""
    inputs: list[str | None] = []
    dtypes = {draft.type_of(name).dtype for name in map(draft.dequantised, node.inputs) if name is not None}
    if len(dtypes) != 1:
        return None
    for name in node.inputs:
        if name is None or draft.type_of(name).dtype is not DType.FLOAT32:
            inputs.append(name)
            continue
        integers = draft.dequantised(name) or _number(draft, name, next(iter(dtypes)))
        if integers is None:
            return None
        inputs.append(integers)
    return tuple(inputs)


def _number(draft: Draft, name: str, dtype: DType) -> str | None:
    """A constant of one element as an integer whose scale makes it exact."""
    array = draft.constant_of(name)
    if array is None or array.size != 1:
        return None
    real = float(array.reshape(-1)[0])
    scale = float(np.float32(abs(real) / 127)) if real else 1.0
    if not np.isfinite(real) or scale <= 0.0:
        return None
    zero_point = 128 if dtype is DType.UINT8 else 0
    integer = zero_point + round(real / scale)
    return draft.constant(
        f"{name}.integer", np.full(array.shape, integer, dtype.numpy), Quant((scale,), (zero_point,))
    )


def _accepted(draft: Draft, node: Node, target: str) -> bool:
    if not _accepts(draft, node, draft.type_of(target)):
        return False
    draft.append(replace(node, outputs=(target,)))
    return True


def _accepts(draft: Draft, node: Node, output: TensorType) -> bool:
    """Whether the operator takes these types, constraints included."""
    operator = find(node.op)
    signature = Signature(
        op=node.op,
        inputs=tuple(None if name is None else draft.type_of(name) for name in node.inputs),
        outputs=(output,),
        constants=tuple(map(draft.constant_of, node.inputs)),
        attrs=MappingProxyType(operator.filled(node)),
        source=node.source,
    )
    if not operator.accepts(signature) or not _one_scale(draft, node.inputs):
        return False
    return all(constraint(signature) for constraint in operator.constraints)


def _one_scale(draft: Draft, inputs: Sequence[str | None]) -> bool:
    """Whether computed values have one scale."""
    computed = [draft.type_of(name) for name in inputs if name and draft.constant_of(name) is None]
    return all(kind.quant is None or not kind.quant.per_channel for kind in computed)
