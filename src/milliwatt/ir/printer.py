# SPDX-License-Identifier: Apache-2.0
"""A graph as text to read: one line per input, constant, state and node, in the order of the grammar.

graph kws
  input   %x: int8[1, 4] q(0.5, -3)
  const   %w: int8[2, 4] q/0×2 = -3 … 7, 8 bytes
  node 0  %y: int8[1, 2] q(0.25, 0) = FULLY_CONNECTED(%x, %w, none; keep_num_dims=False)
  output  %y
"""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir.graph import Array, AttrValue, Graph, Node

_SHOWN = 8
"""Constants up to this many elements are shown whole."""


def format_graph(graph: Graph) -> str:
    """The whole graph as text, ending in a line feed."""
    return "".join(f"{line}\n" for line in _lines(graph))


def format_node(graph: Graph, node: Node) -> str:
    """One node as text: ``%y: type = OP(%x, %w; attributes) [states]``."""
    arguments = ", ".join("none" if name is None else f"%{name}" for name in node.inputs)
    attributes = ", ".join(f"{name}={_attribute(value)}" for name, value in node.attrs.items())
    call = f"{node.op}({arguments}{'; ' if attributes else ''}{attributes})"
    states = f" [{', '.join(node.states)}]" if node.states else ""
    results = ", ".join(f"%{name}: {graph.values[name]}" for name in node.outputs)
    return f"{results} = {call}{states}" if results else f"{call}{states}"


def _lines(graph: Graph) -> Iterator[str]:
    yield f"graph {graph.name}"
    for name in graph.inputs:
        yield f"  input   %{name}: {graph.values[name]}"
    for name, array in graph.constants.items():
        yield f"  const   %{name}: {graph.values[name]} = {_contents(array)}"
    for state in graph.states:
        yield f"  state   {state.name}: {state.type} = {_contents(state.initial)}"
    width = len(str(max(len(graph.nodes) - 1, 0)))
    for number, node in enumerate(graph.nodes):
        yield f"  node {number:<{width}}  {format_node(graph, node)}"
    for name in graph.outputs:
        yield f"  output  %{name}"


def _contents(array: Array) -> str:
    """The elements of a small array; of a large one the range and the size."""
    if array.size <= _SHOWN:
        return str(array.tolist())
    return f"{array.min()} … {array.max()}, {array.nbytes:,} bytes"


def _attribute(value: AttrValue) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)
