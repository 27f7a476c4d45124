# SPDX-License-Identifier: Apache-2.0
"""A RELU behind every operator that declares `fused_activation_function`, fused where its constraints allow it."""

from __future__ import annotations

import numpy as np
import pytest

from milliwatt.ir import DType, Graph
from milliwatt.ops import Numerics, operators
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.samples import sample_inputs
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.differential import compare
from milliwatt.testing.recipe import recipes

ATTRIBUTE = "fused_activation_function"
DECLARE = sorted(name for name, operator in operators().items() if ATTRIBUTE in operator.attributes)
# CONCATENATION and L2_NORMALIZATION declare the attribute but take NONE only; an LSTM's is that of its cell.
REFUSE = {"CONCATENATION", "L2_NORMALIZATION", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
CLAMPED = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32)


def followed_by_relu(op: str, dtype: DType) -> Graph:
    """One node of the operator without an activation where it may have none, then RELU on the same scale.

    An LSTM has always TANH, and SVDF of int8 RELU.
    """
    for seed in range(50):
        build = GraphBuilder(np.random.default_rng(seed), max_elements=256)
        output = recipes()[op].make(build, dtype)[0]
        kind = build.type_of(output)
        build.node("RELU", (output,), dtype=kind.dtype, quant=kind.quant)
        graph = build.graph()
        made = next(node for node in graph.nodes if node.op == op)
        fixed = op == "UNIDIRECTIONAL_SEQUENCE_LSTM" or (op == "SVDF" and dtype is DType.INT8)
        if fixed or made.attrs.get(ATTRIBUTE, "NONE") == "NONE":
            return graph
    raise AssertionError(f"no {op} without an activation among 50 seeds")


def cases() -> list[tuple[str, DType]]:
    return [(op, dtype) for op in DECLARE for dtype in CLAMPED if dtype in recipes()[op].dtypes]


@pytest.mark.parametrize(("op", "dtype"), cases(), ids=lambda part: getattr(part, "value", part))
def test_a_relu_behind_the_operator_keeps_every_byte(op: str, dtype: DType) -> None:
    graph = followed_by_relu(op, dtype)
    result = optimise(graph)
    before, after = Interpreter(graph, Numerics.LITERT), Interpreter(result, Numerics.LITERT)
    for inputs in sample_inputs(graph, samples=4, seed=1):
        for expected, got in zip(before.run(inputs), after.run(inputs), strict=True):
            np.testing.assert_array_equal(expected, got)


@pytest.mark.parametrize("op", DECLARE)
def test_it_is_fused_where_the_constraints_allow_an_activation(op: str) -> None:
    result = optimise(followed_by_relu(op, DType.FLOAT32))
    fused = [node.op for node in result.nodes if node.attrs.get(ATTRIBUTE) == "RELU"]
    assert fused == ([] if op in REFUSE else [op])


@pytest.mark.parametrize("dtype", [DType.INT8, DType.FLOAT32])
def test_a_relu_behind_a_concatenation_compiles(dtype: DType) -> None:
    compare(followed_by_relu("CONCATENATION", dtype), boards=("host",), samples=2)
