# SPDX-License-Identifier: Apache-2.0
"""Recognises SOFTMAX and LOG_SOFTMAX over the last dimension in exponentials and their sums."""

from __future__ import annotations

from collections.abc import Callable

from milliwatt.ir import Graph
from milliwatt.ops import Numerics
from milliwatt.passes.pattern import (
    Any,
    Either,
    Match,
    Op,
    Product,
    Replacement,
    Rule,
    Scalar,
    Vector,
    apply_rules,
)
from milliwatt.passes.recognise_norms import first_axis
from milliwatt.passes.rewrite import Pass

_DATA = Any("data")
_CENTRED = Op("SUB", _DATA, Op("REDUCE_MAX", _DATA, Vector("largest axis"), name="largest"))
_TERMS = Op("EXP", Either(_CENTRED, _DATA))
_TOTAL = Op("SUM", _TERMS, Vector("axis"), name="total")
_LOG_TOTAL = Op("LOG", Op("SUM", Op("EXP", _CENTRED), Vector("axis"), name="total"))


def _becomes(op: str) -> Callable[[Graph, Match], Replacement | None]:
    """The operator, if the reductions run over the last dimension alone and keep it."""

    def build(graph: Graph, match: Match) -> Replacement | None:
        last = len(graph.values[match.values["data"]].shape) - 1
        reductions = [match.nodes[name] for name in ("largest", "total") if name in match.nodes]
        if any(first_axis(graph, node) != last for node in reductions):
            return None
        return Replacement(op, (match.values["data"],))

    return build


RULES = (
    Rule(
        Either(Op("DIV", _TERMS, _TOTAL), Product(1.0, _TERMS, Op("DIV", Scalar(1.0), _TOTAL))),
        _becomes("SOFTMAX"),
    ),
    Rule(Op("SUB", _CENTRED, _LOG_TOTAL), _becomes("LOG_SOFTMAX")),
)


def recognise_softmax(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. Results change by rounding alone; sums that overflowed no longer do."""
    return apply_rules(graph, RULES)


PASS = Pass(
    "recognise-softmax", 23, "before reductions and exponentials are seen one by one", recognise_softmax
)
