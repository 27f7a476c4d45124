# SPDX-License-Identifier: Apache-2.0
"""What is checked of every node, with an operator made for it: attributes, types, constraints, shapes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest

from milliwatt.errors import InternalError, MilliwattError, ModelError, UnsupportedError
from milliwatt.ir import DType, Graph, Node, Quant, Shape, TensorType
from milliwatt.ops import registry
from milliwatt.ops.check import check, rows_text
from milliwatt.ops.operator import Array, Attribute, Call, Operator, Signature, TypeRow


def even(signature: Signature) -> bool:
    """The number of elements is
    even.

    The rest of the docstring is not part of the error.
    """
    return signature.input(0).size % 2 == 0


def divisible(signature: Signature) -> bool:
    """The first extent is a multiple of the step."""
    return signature.input(0).shape[0] % int(signature.attrs["step"]) == 0


def shapes(signature: Signature) -> tuple[Shape, ...]:
    return (signature.input(0).shape[1:],)


def evaluate(_: Call) -> tuple[Array, ...]:
    raise NotImplementedError


HALVE = Operator(
    name="HALVE",
    summary="Only for this test.",
    types=(TypeRow((DType.INT8, (DType.INT32, None)), (DType.INT8,)),),
    shapes=shapes,
    evaluate=evaluate,
    attributes={"step": Attribute("int", 1), "ratios": Attribute("floats", ())},
    constraints=(even, divisible),
    hint="pad it",
)


@pytest.fixture(autouse=True)
def one_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry holds HALVE alone."""
    known: Mapping[str, Operator] = MappingProxyType({"HALVE": HALVE})
    monkeypatch.setattr(registry, "operators", lambda: known)


def graph(
    shape: Shape = (2, 3),
    output: Shape = (3,),
    dtype: DType = DType.INT8,
    attrs: Mapping[str, object] | None = None,
) -> Graph:
    """x -> HALVE -> y, beside a constant w that is int8."""
    node = Node("HALVE", ("x",), ("y",), dict(attrs or {}), source='node 7: HALVE "y"')  # type: ignore[arg-type]
    quant = Quant((0.5,), (0,)) if dtype.is_integer else None
    return Graph(
        name="g",
        values={"x": TensorType(dtype, shape, quant), "y": TensorType(dtype, output, quant)},
        constants={},
        inputs=("x",),
        outputs=("y",),
        nodes=(node,),
    )


def error_of(bad: Graph) -> MilliwattError:
    with pytest.raises(MilliwattError) as caught:
        check(bad)
    assert caught.value.where == 'node 7: HALVE "y"'
    return caught.value


def test_a_supported_node_passes() -> None:
    good = graph(attrs={"step": 2, "ratios": (0.5,)})
    assert check(good) is good


def test_unknown_operator() -> None:
    unknown = graph().replace(nodes=(Node("DOUBLE", ("x",), ("y",), source='node 7: HALVE "y"'),))
    assert isinstance(error_of(unknown), UnsupportedError)


def test_types_are_shown_with_the_supported_rows() -> None:
    error = error_of(graph(dtype=DType.UINT8))
    assert isinstance(error, UnsupportedError)
    assert "uint8[2, 3] q(0.5, 0)" in error.message
    assert "(int8, int32|none) → (int8)" in error.hint
    assert "pad it" in error.hint


def test_hybrid_models_are_told_what_to_do() -> None:
    floats = graph(dtype=DType.FLOAT32)
    weights = TensorType(DType.INT8, (2,), Quant((0.5,), (0,)))
    hybrid = floats.replace(
        values={**floats.values, "w": weights},
        constants={"w": np.zeros(2, np.int8)},
        nodes=(Node("HALVE", ("x", "w"), ("y",), source='node 7: HALVE "y"'),),
    )
    assert "representative_dataset" in error_of(hybrid).hint


def test_constraint_is_numbered_and_its_sentence_is_the_error() -> None:
    error = error_of(graph((3, 1), (1,)))
    assert isinstance(error, UnsupportedError)
    assert error.message.startswith("HALVE C1: The number of elements is even. Types:")
    assert "docstring" not in error.message
    assert error_of(graph((3, 2), (2,), attrs={"step": 2})).message.startswith("HALVE C2: The first extent")


def test_a_rule_that_stumbles_over_the_node_is_a_model_error() -> None:
    error = error_of(graph(attrs={"step": 0}))
    assert isinstance(error, ModelError)
    assert "malformed" in error.message


def test_computed_values_have_one_scale() -> None:
    per_channel = TensorType(DType.INT8, (2, 3), Quant((0.5, 0.25), (0, 0), 0))
    good = graph()
    data = error_of(good.replace(values={**good.values, "x": per_channel}))
    assert isinstance(data, UnsupportedError)
    assert "per channel" in data.message
    weights = good.replace(
        values={**good.values, "x": per_channel}, constants={"x": np.zeros((2, 3), np.int8)}, inputs=()
    )
    assert check(weights) is weights


def test_wrong_output_shape_is_a_model_error() -> None:
    error = error_of(graph(output=(4,)))
    assert isinstance(error, ModelError)
    assert "[4]" in error.message
    assert "[3]" in error.message


@pytest.mark.parametrize("attrs", [{"unknown": 1}, {"step": 1.0}, {"step": True}, {"ratios": (1,)}], ids=str)
def test_undeclared_attribute_is_a_bug_of_ours(attrs: Mapping[str, object]) -> None:
    assert isinstance(error_of(graph(attrs=attrs)), InternalError)


def test_rows_text() -> None:
    rows = (TypeRow((DType.INT8, ...), (DType.INT8,)), TypeRow(((DType.BOOL, None),), ()))
    operator = Operator(name="X", summary="", types=rows, shapes=shapes, evaluate=evaluate)
    assert rows_text(operator) == "(int8, …) → (int8); (bool|none) → ()"
