# SPDX-License-Identifier: Apache-2.0
"""Recognises one MEAN in a SUM over its count, and in a MEAN of a MEAN: global average pooling in two steps."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import Graph
from milliwatt.ops import Numerics, signature
from milliwatt.ops.reduction import axes, reduced_count
from milliwatt.passes.pattern import Any, Match, Op, Replacement, Rule, Scalar, Vector, apply_rules, close
from milliwatt.passes.rewrite import Pass

_DATA = Any("data")
_SUM = Op("SUM", _DATA, Vector("axes"), name="sum")


def _mean_of_sum(graph: Graph, match: Match) -> Replacement | None:
    total = match.nodes["sum"]
    count = reduced_count(signature(graph, total))
    factor = match.numbers["factor"] if "factor" in match.numbers else 1.0 / match.numbers["count"]
    if not close(factor * count, 1.0):
        return None
    return Replacement("MEAN", (match.values["data"], match.values["axes"]), total.attrs)


def _mean_of_mean(graph: Graph, match: Match) -> Replacement | None:
    """Over the axes of both; the outer ones count the axes that the inner one leaves."""
    inner, outer = match.nodes["inner"], match.nodes["outer"]
    keeps = bool(inner.attrs.get("keep_dims", False))
    if keeps != bool(outer.attrs.get("keep_dims", False)):
        return None
    first, second = axes(signature(graph, inner)), axes(signature(graph, outer))
    rank = len(graph.values[match.values["data"]].shape)
    left = [axis for axis in range(rank) if keeps or axis not in first]
    together = sorted({*first, *(left[axis] for axis in second)})
    return Replacement(
        "MEAN",
        (match.values["data"], "axes"),
        {"keep_dims": keeps},
        {"axes": np.array(together, np.int32)},
    )


RULES = (
    Rule(
        Op("MEAN", Op("MEAN", _DATA, Vector("inner axes"), name="inner"), Vector("outer axes"), name="outer"),
        _mean_of_mean,
    ),
    Rule(Op("MUL", _SUM, Scalar(name="factor")), _mean_of_sum),
    Rule(Op("DIV", _SUM, Scalar(name="count")), _mean_of_sum),
)


def recognise_means(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. Results change by rounding alone."""
    return apply_rules(graph, RULES)


PASS = Pass("recognise-means", 22, "before recognise-norms, which looks for means", recognise_means)
