# SPDX-License-Identifier: Apache-2.0
"""Recognises RELU and its kin, LEAKY_RELU and clips in MAXIMUM, MINIMUM and SELECT_V2."""

from __future__ import annotations

from collections.abc import Callable

from milliwatt.ir import Graph
from milliwatt.ops import Numerics
from milliwatt.passes.pattern import Any, Either, Match, Op, Pattern, Replacement, Rule, Scalar, apply_rules
from milliwatt.passes.rewrite import Pass

_DATA = Any("data")


def _becomes(op: str) -> Callable[[Graph, Match], Replacement]:
    return lambda _, match: Replacement(op, (match.values["data"],))


def _clip(low: float, high: float) -> Pattern:
    """Limited below and above, in either order."""
    below = Either(Op("MAXIMUM", _DATA, Scalar(low)), *([Op("RELU", _DATA)] if low == 0.0 else []))
    above = Op("MINIMUM", _DATA, Scalar(high))
    outer = [Op("MINIMUM", below, Scalar(high)), Op("MAXIMUM", above, Scalar(low))]
    return Either(*outer, *([Op("RELU", above)] if low == 0.0 else []))


def _leaky(_: Graph, match: Match) -> Replacement:
    return Replacement("LEAKY_RELU", (match.values["data"],), {"alpha": match.numbers["alpha"]})


def _flat_leaky(graph: Graph, match: Match) -> Replacement | None:
    """The larger of x and alpha * x is a leaky rectifier where alpha is less than 1."""
    return _leaky(graph, match) if 0.0 <= match.numbers["alpha"] <= 1.0 else None


_SCALED = Op("MUL", _DATA, Scalar(name="alpha"))
_NEGATIVE = Op("MINIMUM", _DATA, Scalar(0.0))

RULES = (
    Rule(_clip(0.0, 6.0), _becomes("RELU6"), exact=True),
    Rule(_clip(0.0, 1.0), _becomes("RELU_0_TO_1"), exact=True),
    Rule(_clip(-1.0, 1.0), _becomes("RELU_N1_TO_1"), exact=True),
    Rule(Op("MAXIMUM", _DATA, Scalar(0.0)), _becomes("RELU"), exact=True),
    Rule(Op("MAXIMUM", _DATA, _SCALED), _flat_leaky, exact=True),
    Rule(
        Op("SELECT_V2", Op(("GREATER", "GREATER_EQUAL"), _DATA, Scalar(0.0)), _DATA, _SCALED),
        _leaky,
        exact=True,
    ),
    Rule(Op("ADD", Op("RELU", _DATA), Op("MUL", _NEGATIVE, Scalar(name="alpha"))), _leaky, exact=True),
)


def recognise_clips(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. Every bit is kept."""
    return apply_rules(graph, RULES)


PASS = Pass("recognise-clips", 22, "first of the recognisers: others know RELU6 by its name", recognise_clips)
