# SPDX-License-Identifier: Apache-2.0
"""Graph to program: chooses a kernel for every node."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from milliwatt.errors import UnsupportedError
from milliwatt.ir import Graph, Node
from milliwatt.lower.program import KernelCall, Program, Read, Table, Write
from milliwatt.lower.registry import candidates_for
from milliwatt.lower.site import Site, site_of
from milliwatt.ops import Numerics, find
from milliwatt.targets import Core

Cost = Callable[[Site, tuple[KernelCall, ...]], float]
"""The cost of carrying out a node with these calls, in any one unit; handed in by whoever can measure."""


def lower(
    graph: Graph, *, core: Core, numerics: Numerics, optimize: str = "balanced", cost: Cost | None = None
) -> Program:
    """Choose kernels for every node of a graph.

    Args:
        graph: a verified graph.
        core: what the core can do.
        numerics: the contract of rounding.
        optimize: speed, balanced, ram or flash.
        cost: prices candidates; without it the first (best by rule) is taken.

    Raises:
        UnsupportedError: no kernel serves a node.
    """
    buffer_of = {name: name for name in graph.inputs}
    calls: list[KernelCall] = []
    for node in graph.nodes:
        buffer_of |= {output: output for output in node.outputs}
        if not find(node.op, where=node.source).view:
            calls.extend(_choose(site_of(graph, node, core=core, numerics=numerics, optimize=optimize), cost))
        elif _shares(graph, node):
            buffer_of[node.outputs[0]] = buffer_of[str(node.inputs[0])]
        else:
            calls.append(_copy(graph, str(node.inputs[0]), node.outputs[0], source_node=node.source))
    for output in dict.fromkeys(graph.outputs):
        if output in graph.constants:
            buffer_of[output] = output
            calls.append(_copy(graph, output, output, source_node=f"constant output {output}"))
    return Program(
        graph=graph,
        calls=tuple(calls),
        buffer_of=buffer_of,
        core=core.name,
        numerics=numerics,
        specialise=optimize != "flash",
    )


def _choose(site: Site, cost: Cost | None) -> tuple[KernelCall, ...]:
    candidates = candidates_for(site)
    chosen = next(candidates, None)
    if chosen is None:
        types = ", ".join("none" if kind is None else str(kind) for kind in site.signature.inputs)
        raise UnsupportedError(
            f"no kernel carries out {site.node.op} on ({types}) -> {site.signature.outputs[0]}",
            where=site.node.source,
            hint="`milliwatt ops` lists the element types that have kernels",
        )
    if cost is None:
        return chosen
    best = cost(site, chosen)
    for candidate in candidates:
        price = cost(site, candidate)
        if price < best:
            best, chosen = price, candidate
    return chosen


def _shares(graph: Graph, node: Node) -> bool:
    """Whether a view may live in the bytes of what it views: not when both must be kept apart for the caller."""
    viewed = str(node.inputs[0])
    if viewed in graph.constants:
        return False
    return node.outputs[0] not in graph.outputs or viewed not in (*graph.outputs, *graph.inputs)


def _copy(graph: Graph, source: str, target: str, *, source_node: str = "") -> KernelCall:
    pointer: Table | Read = Read(source, "uint8_t")
    if source in graph.constants:
        pointer = Table("input0", np.frombuffer(graph.constants[source].tobytes(), np.uint8))
    return KernelCall(
        kernel="mw_copy",
        op="COPY",
        outputs=(target,),
        params={"bytes": graph.values[target].bytes},
        arguments=(pointer, Write(target, "uint8_t")),
        source=source_node,
    )
