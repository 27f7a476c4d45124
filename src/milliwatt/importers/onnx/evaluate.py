# SPDX-License-Identifier: Apache-2.0
"""Nodes whose inputs are all constant -> constants, by ONNX's own reference evaluator, in bounded memory.

Exporters compute shapes, indices and weights with nodes; none of them is left in the graph. Only operators whose
result is bounded before it is computed take part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import ModelError, UnsupportedError
from milliwatt.importers.onnx.records import NodeRecord

Array = npt.NDArray[Any]

MAX_ELEMENTS = 2**24
"""The largest constant that a node may make."""
MAX_TOTAL_ELEMENTS = 2**26
"""All of them together."""

Bound = Callable[[NodeRecord, Sequence[Array | None]], int]

_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def _all(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
    return sum(array.size for array in arrays if array is not None) + 1


def _broadcast(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
    return math.prod(np.broadcast_shapes(*(array.shape for array in arrays if array is not None)))


def _named_shape(index: int) -> Bound:
    def bound(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
        return math.prod(max(1, int(extent)) for extent in _numbers(arrays, index))

    return bound


def _expand(node: NodeRecord, arrays: Sequence[Array | None]) -> int:
    data = arrays[0]
    return _named_shape(1)(node, arrays) * (1 if data is None else max(1, data.size))


def _tile(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
    data = arrays[0]
    repeats = math.prod(max(0, int(number)) for number in _numbers(arrays, 1))
    return repeats * (0 if data is None else data.size)


def _range(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
    start, limit, delta = (float(array.reshape(-1)[0]) for array in arrays if array is not None)
    return 0 if delta == 0 else max(0, math.ceil((limit - start) / delta))


def _gather(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
    data, indices = arrays[0], arrays[1]
    if data is None or indices is None:
        return 0
    return data.size * max(1, indices.size)


def _one_hot(_: NodeRecord, arrays: Sequence[Array | None]) -> int:
    data = arrays[0]
    return (0 if data is None else data.size) * int(_numbers(arrays, 1)[0])


def _numbers(arrays: Sequence[Array | None], index: int) -> list[int]:
    array = arrays[index]
    if array is None:
        raise ValueError("an input is absent")
    if array.size > 64:
        raise ValueError("too many axes")
    return [int(number) for number in array.reshape(-1)]


_MOVES = """
    Cast CastLike Compress Concat ConstantOfShape DepthToSpace Flatten Gather Identity NonZero Reshape ReverseSequence
    Shape Size Slice SpaceToDepth Split Squeeze Transpose Trilu Unsqueeze
"""
_ELEMENTWISE = """
    Abs Add And BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Clip Cos Div Equal Erf Exp Floor Greater
    GreaterOrEqual IsInf IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Relu Round Sigmoid
    Sign Sin Sqrt Sub Sum Tan Tanh Where Xor
"""
_REDUCTIONS = """
    ArgMax ArgMin CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Softmax
"""
_BOUNDS: dict[str, Bound] = {
    **dict.fromkeys((_MOVES + _REDUCTIONS).split(), _all),
    **dict.fromkeys(_ELEMENTWISE.split(), _broadcast),
    "ConstantOfShape": _named_shape(0),
    "Expand": _expand,
    "Gather": _gather,
    "OneHot": _one_hot,
    "Range": _range,
    "Tile": _tile,
}


class Folder:
    """Evaluates nodes of one model.

    Args:
        opsets: operator sets by domain.
    """

    def __init__(self, opsets: Mapping[str, int]) -> None:
        self._opset = opsets.get("", 0)
        self._left = MAX_TOTAL_ELEMENTS

    def folds(self, node: NodeRecord) -> bool:
        """Whether the node's operator may be evaluated."""
        return node.domain == "" and node.op in _BOUNDS

    def evaluated(self, node: NodeRecord, arrays: Sequence[Array | None], where: str) -> tuple[Array, ...]:
        """The node's outputs.

        Raises:
            ModelError: the node cannot be evaluated: it breaks ONNX's rules.
            UnsupportedError: the result is too large.
        """
        try:
            size = _BOUNDS[node.op](node, arrays)
        except _FAILURES as error:
            raise ModelError(f"{node.op} on constants is malformed ({error})", where=where) from error
        if size > MAX_ELEMENTS or size > self._left:
            raise UnsupportedError(f"{node.op} makes a constant of {size:,} elements", where=where)
        try:
            with np.errstate(all="ignore"):
                results = self._run(node, arrays)
        except _FAILURES as error:
            raise ModelError(f"{node.op} on constants is malformed ({error})", where=where) from error
        self._left -= sum(result.size for result in results)
        return results

    def _run(self, node: NodeRecord, arrays: Sequence[Array | None]) -> tuple[Array, ...]:
        from onnx import TensorProto, helper
        from onnx.reference import ReferenceEvaluator

        inputs = [f"i{index}" if array is not None else "" for index, array in enumerate(arrays)]
        outputs = [f"o{index}" if name else "" for index, name in enumerate(node.outputs)]
        proto = helper.make_node(node.op, inputs, outputs, **_attributes(node))
        graph = helper.make_graph(
            [proto],
            "constant",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in inputs if name],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs if name],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self._opset)])
        feeds = {name: array for name, array in zip(inputs, arrays, strict=True) if name}
        found = iter(ReferenceEvaluator(model).run(None, feeds))
        return tuple(_plain(np.asarray(next(found))) if name else np.zeros(0) for name in outputs)


def _plain(array: Array) -> Array:
    """The array in an element type of NumPy's own; the package ml_dtypes adds narrower ones."""
    if array.dtype.kind not in "fiubV":
        raise TypeError(f"a result has the element type {array.dtype}")
    if array.dtype.isbuiltin == 1:
        return array
    return array.astype(np.float32 if "float" in array.dtype.name else np.int8)


def _attributes(node: NodeRecord) -> dict[str, Any]:
    from onnx import numpy_helper

    return {
        name: numpy_helper.from_array(np.array(value)) if isinstance(value, np.ndarray) else value
        for name, value in node.attributes.items()
        if value is not None
    }
