# SPDX-License-Identifier: Apache-2.0
"""Recognises LAYER_NORM, RMS_NORM and L2_NORMALIZATION in means, squares and roots.

Sources of the forms: PyTorch's torch/_decomp/decompositions.py (native_layer_norm); ONNX's function body of
LayerNormalization; tf.nn.batch_normalization, which Keras uses for its layer normalisation.
"""

from __future__ import annotations

import math

from milliwatt.ir import Graph, Node, Shape
from milliwatt.ops import Numerics, signature
from milliwatt.ops.reduction import axes
from milliwatt.passes.pattern import (
    Any,
    Either,
    Match,
    Op,
    Pattern,
    Plus,
    Product,
    Replacement,
    Rule,
    Scalar,
    Vector,
    apply_rules,
)
from milliwatt.passes.rewrite import Pass

_DATA = Any("data")
_MEAN = Op("MEAN", _DATA, Vector("axes"), name="mean")
_CENTRED = Op("SUB", _DATA, _MEAN)
_VARIANCE = Op(
    "MEAN",
    Either(
        Product(1.0, _CENTRED, _CENTRED),
        Op("SQUARED_DIFFERENCE", _DATA, _MEAN),
        Op("SQUARED_DIFFERENCE", _MEAN, _DATA),
    ),
    Vector("square axes"),
    name="squares",
)
_MEAN_SQUARE = Op("MEAN", Product(1.0, _DATA, _DATA), Vector("square axes"), name="squares")
_SUM_SQUARE = Op("SUM", Product(1.0, _DATA, _DATA), Vector("square axes"), name="squares")


def _inverse_root(squares: Pattern) -> Pattern:
    """1 / sqrt(squares + epsilon)."""
    moved = Plus(squares, name="epsilon")
    return Either(Op("RSQRT", moved), Op("DIV", Scalar(1.0), Op("SQRT", moved)))


def _over_root(data: Pattern, squares: Pattern) -> Pattern:
    """data / sqrt(squares + epsilon)."""
    root = Op("SQRT", Plus(squares, name="epsilon"))
    return Either(Op("DIV", data, root), Product(1.0, data, _inverse_root(squares)))


_GAIN = Op("MUL", _inverse_root(_VARIANCE), Vector("scale"))
_BATCH_FORM = Op("ADD", Op("MUL", _DATA, _GAIN), Op("SUB", Vector("bias"), Op("MUL", _MEAN, _GAIN)))
"""data * gain + (bias - mean * gain)"""

_PLAIN = Op(("LAYER_NORM", "RMS_NORM"), _DATA, name="norm")
_SHIFTED = Either(
    Op(
        "ADD",
        Either(Op("LAYER_NORM", _DATA, name="norm"), Op("LAYER_NORM", _DATA, Vector("scale"), name="norm")),
        Vector("bias"),
    )
)


def first_axis(graph: Graph, node: Node) -> int | None:
    """The first of the axes that a reduction runs over, when they are all from there on and are kept."""
    reduced, rank = axes(signature(graph, node)), len(graph.values[str(node.inputs[0])].shape)
    first = rank - len(reduced)
    whole = bool(reduced) and reduced == tuple(range(first, rank))
    return first if whole and node.attrs.get("keep_dims", False) else None


def _layer_norm(graph: Graph, match: Match) -> Replacement | None:
    first = first_axis(graph, match.nodes["mean"])
    if first is None or first != first_axis(graph, match.nodes["squares"]):
        return None
    return _norm(graph, "LAYER_NORM", match, first)


def _rms_norm(graph: Graph, match: Match) -> Replacement | None:
    first = first_axis(graph, match.nodes["squares"])
    return None if first is None else _norm(graph, "RMS_NORM", match, first)


def _norm(graph: Graph, op: str, match: Match, first: int) -> Replacement | None:
    """The operator with the scale and bias that were found, if they have an element for each of a row."""
    data, epsilon = match.values["data"], match.numbers["epsilon"]
    operands = tuple(match.values.get(name) for name in ("scale", "bias")[: 2 if op == "LAYER_NORM" else 1])
    if epsilon < 0 or not math.isfinite(epsilon):
        return None
    if not all(_per_element(graph, data, operand, first) for operand in operands if operand is not None):
        return None
    return Replacement(op, (data, *operands), {"axis": first, "epsilon": epsilon})


def _per_element(graph: Graph, data: str, operand: str, first: int) -> bool:
    """Whether a constant varies over the normalised dimensions alone, and over all of them."""
    shape, own = graph.values[data].shape, graph.values[operand].shape
    if len(own) > len(shape):
        return False
    aligned: Shape = (1,) * (len(shape) - len(own)) + own
    return aligned[first:] == shape[first:] and math.prod(aligned[:first]) == 1


def _scaled(graph: Graph, match: Match) -> Replacement | None:
    norm = match.nodes["norm"]
    data, scale, first = match.values["data"], match.values["scale"], int(norm.attrs["axis"])  # type: ignore[arg-type]
    rank = len(graph.values[data].shape)
    if not _per_element(graph, data, scale, first % rank) or any(
        name is not None for name in norm.inputs[1:]
    ):
        return None
    return Replacement(norm.op, (data, scale), norm.attrs)


def _shifted(graph: Graph, match: Match) -> Replacement | None:
    norm = match.nodes["norm"]
    data, bias, first = match.values["data"], match.values["bias"], int(norm.attrs["axis"])  # type: ignore[arg-type]
    if len(norm.inputs) > 2 and norm.inputs[2] is not None:
        return None
    if not _per_element(graph, data, bias, first % len(graph.values[data].shape)):
        return None
    scale = norm.inputs[1] if len(norm.inputs) > 1 else None
    return Replacement(norm.op, (data, scale, bias), norm.attrs)


def _l2(graph: Graph, match: Match) -> Replacement | None:
    """Over the last dimension, with the smallest norm that L2_NORMALIZATION has."""
    first = first_axis(graph, match.nodes["squares"])
    last = len(graph.values[match.values["data"]].shape) - 1
    return Replacement("L2_NORMALIZATION", (match.values["data"],)) if first == last else None


RULES = (
    Rule(_over_root(_CENTRED, _VARIANCE), _layer_norm),
    Rule(_BATCH_FORM, _layer_norm),
    Rule(_over_root(_DATA, _MEAN_SQUARE), _rms_norm),
    Rule(Op("MUL", _PLAIN, Vector("scale")), _scaled),
    Rule(_SHIFTED, _shifted),
    Rule(Op("DIV", _DATA, Op("MAXIMUM", Op("SQRT", _SUM_SQUARE), Scalar(1e-6))), _l2),
    Rule(Product(1.0, _DATA, Op("RSQRT", Op("MAXIMUM", _SUM_SQUARE, Scalar(1e-12)))), _l2),
)


def recognise_norms(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. Results change by rounding alone."""
    return apply_rules(graph, RULES)


PASS = Pass(
    "recognise-norms",
    23,
    "before factors and summands are folded elsewhere; again once axes are last",
    recognise_norms,
)
