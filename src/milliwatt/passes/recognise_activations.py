# SPDX-License-Identifier: Apache-2.0
"""Recognises GELU, SILU, LOGISTIC, HARD_SIGMOID and HARD_SWISH in the arithmetic that exporters make of them.

Sources of the forms: PyTorch's torch/_decomp/decompositions.py; ONNX's function bodies of Gelu, HardSigmoid and
HardSwish.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from milliwatt.ir import AttrValue, Graph
from milliwatt.ops import Numerics
from milliwatt.passes.pattern import (
    Any,
    Either,
    Match,
    Op,
    Plus,
    Product,
    Replacement,
    Rule,
    Scalar,
    apply_rules,
    close,
)
from milliwatt.passes.rewrite import Pass

_DATA = Any("data")


def _becomes(op: str, **attrs: AttrValue) -> Callable[[Graph, Match], Replacement]:
    return lambda _, match: Replacement(op, (match.values["data"],), attrs)


def _hard_sigmoid(_: Graph, match: Match) -> Replacement:
    alpha = match.numbers.get("alpha")
    slope = 1.0 / match.numbers["divisor"] if alpha is None else alpha
    return Replacement(
        "HARD_SIGMOID", (match.values["data"],), {"alpha": slope, "beta": match.numbers["beta"]}
    )


def _gated(graph: Graph, match: Match) -> Replacement | None:
    """x * hard_sigmoid(x) is HARD_SWISH for one slope and offset alone."""
    gate = match.nodes["gate"].attrs
    slope, offset = float(gate.get("alpha", 0.2)), float(gate.get("beta", 0.5))  # type: ignore[arg-type]
    return _becomes("HARD_SWISH")(graph, match) if close(slope, 1 / 6) and close(offset, 0.5) else None


_CUBIC = Either(
    Op("ADD", _DATA, Product(0.044715, _DATA, _DATA, _DATA)),
    Product(1.0, _DATA, Plus(Product(0.044715, _DATA, _DATA), 1.0)),
)
_INNER = Either(
    Product(math.sqrt(2 / math.pi), _CUBIC),
    Product(math.sqrt(2 / math.pi), _DATA, Plus(Product(0.044715, _DATA, _DATA), 1.0)),
)
_EXPONENTIAL = Op("EXP", Product(-1.0, _DATA))
_ABOVE = Either(Op("RELU6", Plus(_DATA, 3.0)), Op("ADD", _DATA, Scalar(3.0), activation="RELU6"))
_LINE = Either(
    Op("ADD", Op("MUL", _DATA, Scalar(name="alpha")), Scalar(name="beta")),
    Op("ADD", Op("DIV", _DATA, Scalar(name="divisor")), Scalar(name="beta")),
)

RULES = (
    Rule(
        Product(0.5, _DATA, Plus(Op("ERF", Product(math.sqrt(0.5), _DATA)), 1.0)),
        _becomes("GELU", approximate=False),
    ),
    Rule(Product(0.5, _DATA, Plus(Op("TANH", _INNER), 1.0)), _becomes("GELU", approximate=True)),
    Rule(Product(1.0, _DATA, Op("LOGISTIC", _DATA)), _becomes("SILU")),
    Rule(Op("DIV", _DATA, Plus(_EXPONENTIAL, 1.0)), _becomes("SILU")),
    Rule(Op("DIV", Scalar(1.0), Plus(_EXPONENTIAL, 1.0)), _becomes("LOGISTIC")),
    Rule(Product(1 / 6, _DATA, _ABOVE), _becomes("HARD_SWISH")),
    Rule(Product(1.0, _DATA, Op("HARD_SIGMOID", _DATA, name="gate")), _gated),
    Rule(Product(1 / 6, _ABOVE), _becomes("HARD_SIGMOID", alpha=1 / 6, beta=0.5)),
    Rule(Op("RELU_0_TO_1", _LINE), _hard_sigmoid),
)


def recognise_activations(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. Results change by rounding alone."""
    return apply_rules(graph, RULES)


PASS = Pass(
    "recognise-activations",
    23,
    "behind recognise-clips; before factors and summands are folded elsewhere",
    recognise_activations,
)
