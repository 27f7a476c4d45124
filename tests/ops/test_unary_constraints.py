# SPDX-License-Identifier: Apache-2.0
"""Every constraint of the operators of one input and of those on rows refuses what it is there to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from milliwatt.errors import UnsupportedError
from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.ops import find
from milliwatt.ops.check import check


@dataclass(frozen=True)
class Case:
    """A node that one constraint of its operator refuses."""

    op: str
    constraint: str
    data: TensorType
    output: TensorType
    attrs: dict[str, Any] = field(default_factory=dict)


def kind(
    dtype: str, scale: float | None = None, zero_point: int = 0, shape: tuple[int, ...] = (2, 3)
) -> TensorType:
    """A tensor type, quantised where a scale is given."""
    return TensorType(DType(dtype), shape, None if scale is None else Quant((scale,), (zero_point,)))


FLOAT = kind("float32")
DEEP = 70000

CASES = {
    "abs without output scale": Case("ABS", "quantised", kind("int8", 0.1), kind("int8")),
    "abs with one int16 scale": Case("ABS", "quantised", kind("int16", 0.1), kind("int16")),
    "abs of asymmetric int16": Case("ABS", "symmetric_16", kind("int16", 0.1, 3), kind("int16", 0.1)),
    "exp unquantised": Case("EXP", "quantised", kind("int8"), kind("int8", 0.1)),
    "log of asymmetric int16": Case("LOG", "symmetric_16", kind("int16", 0.1, 1), kind("int16", 0.1)),
    "log unquantised": Case("LOG", "quantised", kind("int8"), kind("int8", 0.1)),
    "sqrt unquantised": Case("SQRT", "quantised", kind("int8", 0.1), kind("int8")),
    "sqrt asymmetric": Case("SQRT", "symmetric_16", kind("int16", 0.1), kind("int16", 0.1, 2)),
    "rsqrt unquantised": Case("RSQRT", "quantised", kind("int8"), kind("int8", 0.1)),
    "rsqrt asymmetric": Case("RSQRT", "symmetric_16", kind("int16", 0.1, 2), kind("int16", 0.1)),
    "elu unquantised": Case("ELU", "quantised", kind("int8"), kind("int8")),
    "gelu unquantised": Case("GELU", "quantised", kind("int8"), kind("int8")),
    "relu unquantised": Case("RELU", "quantised", kind("int8"), kind("int8", 0.1)),
    "relu asymmetric": Case("RELU", "symmetric_16", kind("int16", 0.1, 2), kind("int16", 0.1)),
    "relu6 unquantised": Case("RELU6", "quantised", kind("int8"), kind("int8", 0.1)),
    "relu6 asymmetric": Case("RELU6", "symmetric_16", kind("int16", 0.1), kind("int16", 0.1, 1)),
    "relu_n1_to_1 unquantised": Case("RELU_N1_TO_1", "quantised", kind("int8"), kind("int8", 0.1)),
    "relu_0_to_1 unquantised": Case("RELU_0_TO_1", "quantised", kind("int8"), kind("int8", 0.1)),
    "leaky relu unquantised": Case("LEAKY_RELU", "quantised", kind("int8"), kind("int8", 0.1)),
    "leaky relu asymmetric": Case("LEAKY_RELU", "symmetric_16", kind("int16", 0.1, 2), kind("int16", 0.1)),
    "leaky relu of infinite slope": Case("LEAKY_RELU", "finite_alpha", FLOAT, FLOAT, {"alpha": float("inf")}),
    "hard swish unquantised": Case("HARD_SWISH", "quantised", kind("int8"), kind("int8", 0.1)),
    "hard swish of fine output": Case("HARD_SWISH", "scale_ratio", kind("int8", 1.0), kind("int8", 0.001)),
    "hard swish of coarse output": Case(
        "HARD_SWISH", "scale_ratio", kind("int8", 0.001), kind("int8", 1000.0)
    ),
    "logistic unquantised": Case("LOGISTIC", "quantised", kind("int8"), kind("int8", 2.0**-8, -128)),
    "logistic asymmetric": Case("LOGISTIC", "symmetric_16", kind("int16", 0.1, 1), kind("int16", 2.0**-15)),
    "logistic of another scale": Case("LOGISTIC", "output_scale", kind("int8", 0.1), kind("int8", 0.1)),
    "logistic of coarse data": Case(
        "LOGISTIC", "moderate_scale", kind("int16", 6.0), kind("int16", 2.0**-15)
    ),
    "tanh unquantised": Case("TANH", "quantised", kind("int8"), kind("int8", 0.1)),
    "tanh asymmetric": Case("TANH", "symmetric_16", kind("int16", 0.1, 1), kind("int16", 2.0**-15)),
    "tanh of another scale": Case("TANH", "output_scale", kind("int16", 0.1), kind("int16", 0.1)),
    "tanh of coarse data": Case("TANH", "moderate_scale", kind("int16", 6.0), kind("int16", 2.0**-15)),
    "quantize without scale": Case("QUANTIZE", "quantised", FLOAT, kind("int8")),
    "quantize asymmetric": Case("QUANTIZE", "symmetric_16", kind("int16", 0.1, 1), kind("int16", 0.1)),
    "dequantize without scale": Case("DEQUANTIZE", "quantised", kind("int8"), FLOAT),
    "softmax of a scalar": Case("SOFTMAX", "ranks", kind("float32", shape=()), kind("float32", shape=())),
    "softmax unquantised": Case("SOFTMAX", "quantised", kind("int8"), kind("int8", 2.0**-8, -128)),
    "softmax asymmetric": Case("SOFTMAX", "zero_point_16", kind("int16", 0.1, 1), kind("int16", 2.0**-15)),
    "softmax of another scale": Case("SOFTMAX", "output_scale", kind("int8", 0.1), kind("int8", 0.1)),
    "softmax of negative beta": Case("SOFTMAX", "finite_beta", FLOAT, FLOAT, {"beta": -1.0}),
    "softmax of long int16 rows": Case(
        "SOFTMAX", "depth_16", kind("int16", 0.1, shape=(DEEP,)), kind("int16", 2.0**-15, shape=(DEEP,))
    ),
    "log softmax of a scalar": Case(
        "LOG_SOFTMAX", "ranks", kind("float32", shape=()), kind("float32", shape=())
    ),
    "log softmax unquantised": Case("LOG_SOFTMAX", "quantised", kind("int8"), kind("int8", 2.0**-4, 127)),
    "log softmax of another scale": Case("LOG_SOFTMAX", "output_scale", kind("int8", 0.1), kind("int8", 0.1)),
    "log softmax of long rows": Case(
        "LOG_SOFTMAX", "depth", kind("int8", 0.1, shape=(4096,)), kind("int8", 2.0**-4, 127, shape=(4096,))
    ),
    "log softmax of coarse data": Case(
        "LOG_SOFTMAX", "scale_range", kind("int8", 17.0), kind("int8", 2.0**-4, 127)
    ),
    "l2 of a scalar": Case("L2_NORMALIZATION", "ranks", kind("float32", shape=()), kind("float32", shape=())),
    "l2 unquantised": Case("L2_NORMALIZATION", "quantised", kind("int8"), kind("int8", 2.0**-7)),
    "l2 with activation": Case(
        "L2_NORMALIZATION", "no_activation", FLOAT, FLOAT, {"fused_activation_function": "RELU"}
    ),
    "l2 of another scale": Case("L2_NORMALIZATION", "output_scale", kind("int8", 0.1), kind("int8", 0.1)),
    "l2 of long rows": Case(
        "L2_NORMALIZATION", "depth", kind("int8", 0.1, shape=(DEEP,)), kind("int8", 2.0**-7, shape=(DEEP,))
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_constraint_refuses(name: str) -> None:
    case = CASES[name]
    operator = find(case.op)
    names = [constraint.__name__ for constraint in operator.constraints]
    node = Node(case.op, ("x",), ("y",), case.attrs, source="the node")
    graph = Graph("refused", {"x": case.data, "y": case.output}, {}, ("x",), ("y",), (node,))
    with pytest.raises(UnsupportedError, match=f"{case.op} C{names.index(case.constraint) + 1}: "):
        check(graph)


def test_every_constraint_has_a_case() -> None:
    covered = {(case.op, case.constraint) for case in CASES.values()}
    wanted = {(op, constraint.__name__) for op, _ in covered for constraint in find(op).constraints}
    assert wanted == covered
