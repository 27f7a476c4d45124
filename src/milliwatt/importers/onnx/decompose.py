# SPDX-License-Identifier: Apache-2.0
"""Operators on integers, as QLinearConv, in the form of a float operator between DequantizeLinear and QuantizeLinear.

`milliwatt.importers.quantised` then makes integer operators of them, as of models that come in that form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from milliwatt.importers.onnx.records import NodeRecord

_MICROSOFT = "com.microsoft"


class _Expansion:
    """The nodes that stand for one, with names of their own."""

    def __init__(self, node: NodeRecord, prefix: str) -> None:
        self.node = node
        self.nodes: list[NodeRecord] = []
        self._prefix = prefix

    def input(self, index: int) -> str:
        """The name of an input, empty where it is absent."""
        return self.node.inputs[index] if index < len(self.node.inputs) else ""

    def add(
        self,
        op: str,
        inputs: tuple[str, ...],
        output: str = "",
        *,
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        """Append a node of ONNX's own; returns the name of its output."""
        name = output or f"{self._prefix}/{op}{len(self.nodes)}"
        where = self.node.name or next(filter(None, self.node.outputs), "")
        self.nodes.append(
            NodeRecord(op, "", where, inputs, (name,), MappingProxyType(dict(attributes or {})))
        )
        return name

    def real(self, index: int, *, axis: int | None = None) -> str:
        """The input ``index``, whose scale and zero point are the next two, as floats."""
        attributes = {} if axis is None else {"axis": axis}
        return self.add("DequantizeLinear", self.node.inputs[index : index + 3], attributes=attributes)

    def quantised(self, value: str, index: int) -> tuple[NodeRecord, ...]:
        """End with the node's output: the value by the scale and zero point at ``index``."""
        self.add("QuantizeLinear", (value, self.input(index), self.input(index + 1)), self.node.outputs[0])
        return tuple(self.nodes)

    def bias(self, index: int, *, data_scale: int, weight_scale: int) -> tuple[str, ...]:
        """An int32 bias as floats, where there is one."""
        if not self.input(index):
            return ()
        scale = self.add("Mul", (self.input(data_scale), self.input(weight_scale)))
        return (self.add("DequantizeLinear", (self.input(index), scale), attributes={"axis": 0}),)


Decomposition = Callable[[_Expansion], tuple[NodeRecord, ...]]


def _conv(it: _Expansion) -> tuple[NodeRecord, ...]:
    bias = it.bias(8, data_scale=1, weight_scale=4)
    real = it.add("Conv", (it.real(0), it.real(3, axis=0), *bias), attributes=it.node.attributes)
    return it.quantised(real, 6)


def _matmul(it: _Expansion) -> tuple[NodeRecord, ...]:
    return it.quantised(it.add("MatMul", (it.real(0), it.real(3, axis=-1))), 6)


def _gemm(it: _Expansion) -> tuple[NodeRecord, ...]:
    transposed = bool(it.node.attributes.get("transB", 0))
    weights = it.real(3, axis=0 if transposed else 1)
    bias = it.bias(6, data_scale=1, weight_scale=4)
    real = it.add("Gemm", (it.real(0), weights, *bias), attributes=it.node.attributes)
    if it.input(7):
        return it.quantised(real, 7)
    it.add("Identity", (real,), it.node.outputs[0])
    return tuple(it.nodes)


def _pair(op: str) -> Decomposition:
    def expand(it: _Expansion) -> tuple[NodeRecord, ...]:
        return it.quantised(it.add(op, (it.real(0), it.real(3))), 6)

    return expand


def _single(op: str, *dropped: str) -> Decomposition:
    def expand(it: _Expansion) -> tuple[NodeRecord, ...]:
        kept = {name: value for name, value in it.node.attributes.items() if name not in dropped}
        return it.quantised(it.add(op, (it.real(0),), attributes=kept), 3)

    return expand


def _concat(it: _Expansion) -> tuple[NodeRecord, ...]:
    parts = tuple(it.real(index) for index in range(2, len(it.node.inputs), 3))
    return it.quantised(it.add("Concat", parts, attributes=it.node.attributes), 0)


DECOMPOSITIONS: Mapping[tuple[str, str], Decomposition] = {
    ("", "QLinearConv"): _conv,
    ("", "QLinearMatMul"): _matmul,
    (_MICROSOFT, "QGemm"): _gemm,
    (_MICROSOFT, "QLinearAdd"): _pair("Add"),
    (_MICROSOFT, "QLinearAveragePool"): _single("AveragePool", "channels_last"),
    (_MICROSOFT, "QLinearConcat"): _concat,
    (_MICROSOFT, "QLinearGlobalAveragePool"): _single("GlobalAveragePool", "channels_last"),
    (_MICROSOFT, "QLinearLeakyRelu"): _single("LeakyRelu"),
    (_MICROSOFT, "QLinearMul"): _pair("Mul"),
    (_MICROSOFT, "QLinearReduceMean"): _single("ReduceMean"),
    (_MICROSOFT, "QLinearSigmoid"): _single("Sigmoid"),
    (_MICROSOFT, "QLinearSoftmax"): _single("Softmax", "opset"),
}


def decomposed(node: NodeRecord, prefix: str) -> tuple[NodeRecord, ...] | None:
    """The nodes that stand for this one; None for operators that stand for themselves.

    Nodes that lack an input, or work on channel-last data, are left to be refused as they are.
    """
    expand = DECOMPOSITIONS.get((node.domain, node.op))
    if expand is None or not node.outputs or len(node.inputs) < 5 or node.attributes.get("channels_last"):
        return None
    return expand(_Expansion(node, prefix))
