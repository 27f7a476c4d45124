# SPDX-License-Identifier: Apache-2.0
"""Moves a PAD with the data's zero into the convolution behind it, which pads without a copy."""

from __future__ import annotations

from milliwatt.ir import DType, Graph, Node
from milliwatt.ops import Numerics, find, signature
from milliwatt.ops.conv_2d import sliding_axes
from milliwatt.passes.rewrite import Change, Pass, rewrite


def _amounts(graph: Graph, pad: Node) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) of a PAD of zeros on height and width alone."""
    table = graph.constants.get(str(pad.inputs[1]))
    kind = graph.values[str(pad.inputs[0])]
    if table is None or len(kind.shape) != 4 or kind.quant != graph.values[pad.outputs[0]].quant:
        return None
    if pad.op == "PADV2" and not _is_zero(graph, pad):
        return None
    rows = [(int(before), int(after)) for before, after in table.reshape(4, 2)]
    if rows[0] != (0, 0) or rows[3] != (0, 0):
        return None
    (top, bottom), (left, right) = rows[1], rows[2]
    return top, bottom, left, right


def _is_zero(graph: Graph, pad: Node) -> bool:
    value = graph.constants.get(str(pad.inputs[2]))
    kind = graph.values[str(pad.inputs[0])]
    if value is None:
        return False
    zero = 0 if kind.dtype is DType.FLOAT32 or kind.quant is None else kind.quant.scalar[1]
    return bool((value == zero).all())


def _visit(graph: Graph, node: Node, producers: dict[str, Node]) -> Change | None:
    if "explicit_padding" not in find(node.op).attributes or len(node.inputs) < 2:
        return None  # pools have no filter, and leave out what a PAD would count
    pad = producers.get(str(node.inputs[0]))
    if pad is None or pad.op not in ("PAD", "PADV2"):
        return None
    amounts = _amounts(graph, pad)
    if amounts is None:
        return None
    kind = signature(graph, node)
    shape = kind.input(1).shape
    rows, columns = sliding_axes(kind, height=shape[1], width=shape[2])
    own = (rows.before, rows.after, columns.before, columns.after)
    total = tuple(int(left + right) for left, right in zip(amounts, own, strict=True))
    fused = node.with_attrs(padding="VALID", explicit_padding=total)
    inputs = (pad.inputs[0], *node.inputs[1:])
    source = f"{pad.source} + {node.source}"
    return Change(nodes=(Node(node.op, inputs, node.outputs, fused.attrs, node.states, source),))


def fuse_padding(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph; a PAD that others read too stays for them."""
    producers = graph.producers()
    return rewrite(graph, lambda current, node: _visit(current, node, producers))


PASS = Pass("fuse-padding", 34, "behind compose-moves; a window that pads needs no padded copy", fuse_padding)
