# SPDX-License-Identifier: Apache-2.0
"""`milliwatt inspect`: the graph of a model, its types, work and lifetimes."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from milliwatt.cli.console import columns, print_json, results
from milliwatt.cli.layer_names import layer_names
from milliwatt.cli.models import InputShapes, Model, Trust, read_model
from milliwatt.cli.options import AsJson
from milliwatt.cli.streaming import Hop, StreamAxis, streaming
from milliwatt.ir import Graph
from milliwatt.ops import find, signature
from milliwatt.passes import optimise
from milliwatt.passes.layout.report import remaining_transposes
from milliwatt.stream import stream as streamed

NAME = "inspect"
EXAMPLE = "Example: [bold]milliwatt inspect net.py:keyword_spotter --optimised[/]"


def node_macs(graph: Graph) -> list[int]:
    """Multiply-accumulates of every node, in order."""
    return [find(node.op).macs(signature(graph, node)) for node in graph.nodes]


def lifetimes(graph: Graph) -> dict[str, tuple[int, int]]:
    """First and last node (by index; -1 before the first) between which each value of the arena is alive."""
    spans = dict.fromkeys(graph.inputs, (-1, -1))
    for index, node in enumerate(graph.nodes):
        for name in node.outputs:
            spans[name] = (index, index)
        for value in node.inputs:
            if value in spans:
                spans[value] = (spans[value][0], index)
    for name in graph.outputs:
        if name in spans:
            spans[name] = (spans[name][0], len(graph.nodes))
    return spans


def describe(graph: Graph) -> dict[str, Any]:
    """A graph as JSON, without the contents of its constants."""
    spans = lifetimes(graph)
    return {
        "name": graph.name,
        "macs": sum(node_macs(graph)),
        "constant_bytes": sum(array.nbytes for array in graph.constants.values()),
        "inputs": [{"name": name, "type": str(graph.values[name])} for name in graph.inputs],
        "outputs": [{"name": name, "type": str(graph.values[name])} for name in graph.outputs],
        "states": [{"name": state.name, "type": str(state.type)} for state in graph.states],
        "nodes": [
            {
                "index": index,
                "op": node.op,
                "source": node.source,
                "inputs": [None if name is None else str(graph.values[name]) for name in node.inputs],
                "outputs": [
                    {"name": name, "type": str(graph.values[name]), "alive": list(spans[name])}
                    for name in node.outputs
                ],
                "attributes": {
                    key: list(value) if isinstance(value, tuple) else value
                    for key, value in node.attrs.items()
                },
                "macs": macs,
            }
            for index, (node, macs) in enumerate(zip(graph.nodes, node_macs(graph), strict=True))
        ],
    }


def print_transposes(graph: Graph) -> None:
    """Say which transposes the passes could not avoid, and why; nothing when there is none."""
    left = remaining_transposes(graph)
    if not left:
        return
    console = results()
    total = sum(entry.bytes for entry in left)
    many = (
        "1 transpose is left, which moves"
        if len(left) == 1
        else f"{len(left)} transposes are left, which move"
    )
    console.print(f"{many} {total:,} bytes:")
    for entry in left:
        console.print(f"  {entry.value}, {entry.bytes:,} bytes: {entry.reason}", markup=False)


def node_table(graph: Graph) -> Table:
    """A row for each node; one for each output where it has several, the first with the node's figures."""
    spans, macs = lifetimes(graph), node_macs(graph)
    names = layer_names(
        ((node.source, [name for name in node.inputs if name], node.outputs) for node in graph.nodes),
        with_lines=True,
    )
    headings = ("#", "operator", "MACs", "bytes", "alive", "output", "source")
    table = columns(*headings, right=("#", "MACs", "bytes"))
    for index, node in enumerate(graph.nodes):
        first_cells = [str(index), node.op, f"{macs[index]:,}"]
        for number, name in enumerate(node.outputs or (None,)):
            kind = None if name is None else graph.values[name]
            cells = ["", "", ""] if number else list(first_cells)
            if name is None or kind is None:
                cells += ["0", "", "-"]
            else:
                cells += [f"{kind.bytes:,}", "{}-{}".format(*spans[name]), str(kind)]
            table.add_row(*(cell.replace("[", r"\[") for cell in (*cells, "" if number else names[index])))
    return table


def verb(
    model: Model,
    optimised: Annotated[bool, typer.Option("--optimised", help="Show the graph behind the passes.")] = False,
    stream: StreamAxis = None,
    hop: Hop = None,
    input_shape: InputShapes = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Show a model's graph: operators, shapes, multiply-accumulates, lifetimes, and where each node comes from."""
    graph = read_model(model, input_shapes=input_shape, trust=trust).graph
    chosen = streaming(stream, hop)
    if optimised or chosen is not None:
        graph = optimise(graph)
    if chosen is not None:
        graph = streamed(graph, axis=chosen.axis, hop=chosen.hop)
    behind_passes = optimised or chosen is not None
    if as_json:
        report = describe(graph)
        if behind_passes:
            report["transposes"] = [entry.to_json() for entry in remaining_transposes(graph)]
        print_json(report)
        return
    console = results()
    console.print(
        f"[bold]{graph.name}[/]: {len(graph.nodes)} nodes, {sum(node_macs(graph)):,} MACs, "
        f"{sum(array.nbytes for array in graph.constants.values()):,} bytes of constants"
    )
    for word, names in (("input", graph.inputs), ("output", graph.outputs)):
        for name in names:
            console.print(f"  {word} {name}: {graph.values[name]}", markup=False)
    for state in graph.states:
        console.print(f"  state {state.name}: {state.type}", markup=False)
    console.print(node_table(graph))
    if behind_passes:
        print_transposes(graph)
