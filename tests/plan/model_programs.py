# SPDX-License-Identifier: Apache-2.0
"""Programs in the shape of real models: one call per node, without any kernel, for planning alone."""

from __future__ import annotations

from collections.abc import Iterator

from milliwatt.ir import Graph, Node
from milliwatt.lower.program import KernelCall, Overlap, Program, Read, StateArg, Write
from milliwatt.ops import Numerics
from milliwatt.ops.registry import find


def one_call_per_node(graph: Graph, *, in_place: frozenset[str] = frozenset()) -> Program:
    """A program whose calls are the graph's nodes; views of computed values share buffers.

    ``in_place`` names operators whose calls may overlap: depthwise and element-wise ones at distance 0 (or what
    a larger output needs), 1×1 convolutions pixel by pixel.
    """
    buffer_of = {value: value for value in graph.inputs}
    calls = []
    for node in graph.nodes:
        reads = [
            value
            for value in dict.fromkeys(node.inputs)
            if value is not None and value not in graph.constants
        ]
        if find(node.op).view and reads[0] not in graph.inputs:
            buffer_of[node.outputs[0]] = buffer_of[reads[0]]
            continue
        buffer_of.update({value: value for value in node.outputs})
        permitted = _overlaps(graph, node, reads) if node.op in in_place else iter(())
        calls.append(
            KernelCall(
                kernel=node.op.lower(),
                op=node.op,
                outputs=node.outputs,
                params={},
                arguments=(
                    *(Read(value, graph.values[value].dtype.c) for value in reads),
                    *(Write(value, graph.values[value].dtype.c) for value in node.outputs),
                    *(StateArg(state, graph.state(state).type.dtype.c) for state in node.states),
                ),
                overlaps=tuple(permitted),
                source=node.source,
            )
        )
    return Program(graph, tuple(calls), buffer_of, core="any", numerics=Numerics.LITERT)


def _overlaps(graph: Graph, node: Node, reads: list[str]) -> Iterator[Overlap]:
    output = graph.values[node.outputs[0]]
    for value in reads:
        read = graph.values[value]
        if node.op != "CONV_2D":
            yield Overlap(value, node.outputs[0], max(0, output.bytes - read.bytes))
        elif read.shape[:3] == output.shape[:3] and graph.values[str(node.inputs[1])].shape[1:3] == (1, 1):
            pixels = output.size // output.shape[3]
            growth = output.shape[3] - read.shape[3]
            yield Overlap(value, node.outputs[0], growth * (pixels if growth > 0 else 1))
