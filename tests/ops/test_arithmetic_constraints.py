# SPDX-License-Identifier: Apache-2.0
"""Every constraint of operators on two operands and of reductions refuses what it is there to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from milliwatt.errors import UnsupportedError
from milliwatt.ir import DType, Graph, Node, Quant, TensorType
from milliwatt.ops import find
from milliwatt.ops.check import check
from milliwatt.testing.recipes import arithmetic, comparing, reducing

FAMILIES = (arithmetic, comparing, reducing)
OPS = [recipe.op for family in FAMILIES for recipe in family.RECIPES]
SUMS = ("ADD", "SUB")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
ACTIVATED = ("ADD", "SUB", "MUL", "DIV")
REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")
SEARCHES = ("ARG_MAX", "ARG_MIN")


@dataclass(frozen=True)
class Case:
    """Types of a node's inputs and output, constants by input index, and attributes."""

    inputs: tuple[TensorType, ...]
    output: TensorType
    constants: dict[int, Any] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)


def kind(
    dtype: str, scale: float | None = None, zero_point: int = 0, *, shape: tuple[int, ...] = (2, 3)
) -> TensorType:
    """A tensor type, quantised where a scale is given."""
    return TensorType(DType(dtype), shape, None if scale is None else Quant((scale,), (zero_point,)))


def pair(first: TensorType, second: TensorType, output: TensorType, **rest: Any) -> Case:
    """A node with two operands."""
    return Case((first, second), output, **rest)


def reduced(data: TensorType, axes: list[int] | None, output: TensorType, **rest: Any) -> Case:
    """A reduction; without axes they are computed at run time."""
    chosen = TensorType(DType.INT32, (len(axes) if axes is not None else 1,))
    constants = {} if axes is None else {1: np.array(axes, np.int32)}
    return Case((data, chosen), output, constants, **rest)


FLOAT, BOOL, INT = kind("float32"), kind("bool"), kind("int32")
FINE = kind("int8", 0.1)
DEEP = (2, 1, 2, 1, 2, 1, 2)
CASES: dict[tuple[str, str], Case] = {}

for op in (
    *ACTIVATED,
    "SQUARED_DIFFERENCE",
    "MINIMUM",
    "MAXIMUM",
    "FLOOR_DIV",
    "FLOOR_MOD",
    "PRELU",
    *COMPARISONS,
):
    result = BOOL if op in COMPARISONS else FLOAT
    CASES[op, "broadcastable"] = pair(FLOAT, kind("float32", shape=(4,)), result)
for op in ("LOGICAL_AND", "LOGICAL_OR"):
    CASES[op, "broadcastable"] = pair(kind("bool", shape=DEEP), BOOL, BOOL)
for op in ACTIVATED:
    CASES[op, "activation"] = pair(FLOAT, FLOAT, FLOAT, attrs={"fused_activation_function": "TANH"})
for op in (*ACTIVATED, "SQUARED_DIFFERENCE", "PRELU"):
    CASES[op, "quantised"] = pair(FINE, kind("int8"), FINE)
for op in COMPARISONS:
    CASES[op, "quantised"] = pair(kind("int16", 0.1, 1), kind("int16", 0.1), BOOL)
    CASES[op, "scales"] = pair(kind("int8", 1.0), FINE, BOOL)
for op in SUMS:
    pot = kind("int16", 2.0**-10)
    CASES[op, "one_right_shift"] = pair(pot, pot, kind("int16", 2.0**-11))
    CASES[op, "output_not_too_fine"] = pair(FINE, FINE, kind("int8", 0.1 * 2.0**-20))
CASES["ADD", "equal_shapes"] = pair(pot, kind("int16", 2.0**-10, shape=(3,)), pot)
CASES["SQUARED_DIFFERENCE", "output_not_too_fine"] = pair(FINE, FINE, kind("int8", 2.0**-30))
CASES["MUL", "scales"] = pair(kind("int8", 2.0**100), kind("int8", 2.0**100), FINE)
CASES["DIV", "scales"] = pair(kind("int8", 2.0**30), FINE, FINE)
CASES["PRELU", "scales"] = pair(kind("int8", 2.0**100), kind("int8", 2.0**100), FINE)
CASES["PRELU", "slope_shape"] = pair(kind("float32", shape=(3,)), FLOAT, FLOAT)
for op in ("FLOOR_DIV", "FLOOR_MOD"):
    CASES[op, "has_divisors"] = pair(INT, INT, INT, constants={1: np.array([[1, 2, 3], [4, 0, 5]], np.int32)})
CASES["DIV", "has_divisors"] = pair(
    FINE, kind("int8", 0.1, 7, shape=(3,)), FINE, constants={1: np.array([1, 7, 3], np.int8)}
)
CASES["SELECT_V2", "broadcastable"] = Case((kind("bool", shape=(4,)), FLOAT, FLOAT), FLOAT)
CASES["SELECT", "equal_shapes"] = Case((BOOL, FLOAT, kind("float32", shape=(3,))), FLOAT)
CASES["SELECT", "condition_shape"] = Case((kind("bool", shape=(3,)), FLOAT, FLOAT), FLOAT)
for op in REDUCTIONS:
    CASES[op, "rank"] = reduced(kind("float32", shape=DEEP), [0], FLOAT)
    CASES[op, "constant_axes"] = reduced(FLOAT, [2], FLOAT)
for op in ("MEAN", "SUM"):
    CASES[op, "quantised"] = reduced(kind("int16", 0.1, 3), [1], kind("int16", 0.1))
    CASES[op, "sums_fit"] = reduced(kind("int16", 0.1, shape=(40000,)), [0], kind("int16", 0.1, shape=()))
for op in ("REDUCE_MAX", "REDUCE_MIN"):
    CASES[op, "quantised_alike"] = reduced(FINE, [1], kind("int8", 0.2))
for op in SEARCHES:
    CASES[op, "constant_axis"] = reduced(FLOAT, [0, 1], INT, attrs={"output_type": "INT32"})
    CASES[op, "output_type"] = reduced(FLOAT, [0], INT, attrs={"output_type": "INT64"})


@pytest.mark.parametrize(("op", "constraint"), CASES)
def test_constraint_refuses(op: str, constraint: str) -> None:
    case = CASES[op, constraint]
    number = [rule.__name__ for rule in find(op).constraints].index(constraint) + 1
    names = tuple(f"x{index}" for index in range(len(case.inputs)))
    values = {**dict(zip(names, case.inputs, strict=True)), "y": case.output}
    constants = {names[index]: array for index, array in case.constants.items()}
    inputs = tuple(name for name in names if name not in constants)
    node = Node(op, names, ("y",), case.attrs, source="the node")
    with pytest.raises(UnsupportedError, match=f"{op} C{number}: "):
        check(Graph("refused", values, constants, inputs, ("y",), (node,)))


@pytest.mark.parametrize("op", REDUCTIONS)
def test_axes_computed_at_run_time_are_refused(op: str) -> None:
    values = {"x": FLOAT, "axes": kind("int32", shape=(1,)), "y": kind("float32", shape=(2,))}
    node = Node(op, ("x", "axes"), ("y",))
    with pytest.raises(UnsupportedError, match="axes are constant"):
        check(Graph("refused", values, {}, ("x", "axes"), ("y",), (node,)))


def test_every_constraint_has_a_case() -> None:
    stated = {(op, constraint.__name__) for op in OPS for constraint in find(op).constraints}
    assert stated == set(CASES)
