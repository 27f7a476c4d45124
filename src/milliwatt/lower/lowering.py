# SPDX-License-Identifier: Apache-2.0
"""Graph to program: chooses a kernel for every node."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from milliwatt.ir import Graph
from milliwatt.lower.alternatives import Alternatives, Place, place_of
from milliwatt.lower.homes import homes
from milliwatt.lower.program import KernelCall, Program, Read, Table, Write
from milliwatt.lower.repeats import Repeats
from milliwatt.lower.site import site_of
from milliwatt.ops import Numerics, find
from milliwatt.targets import Core

Choose = Callable[[Alternatives], Sequence[int]]
"""Chooses a candidate for every place; handed in by whoever can measure and plan."""

_GOALS = {"speed": ("speed", "ram"), "balanced": ("speed", "ram"), "ram": ("ram", "speed")}
"""What rules are told to optimise for when there is a choice: their kernels with and without much scratch."""


def lower(
    graph: Graph,
    *,
    core: Core,
    numerics: Numerics,
    optimize: str = "balanced",
    tables_in_ram: bool = False,
    choose: Choose | None = None,
) -> Program:
    """Choose kernels for every node of a graph.

    Args:
        graph: a verified graph.
        core: what the core can do.
        numerics: the contract of rounding.
        optimize: speed, balanced, ram or flash.
        tables_in_ram: whether the firmware's start-up code copies all tables to RAM.
        choose: chooses among the candidates; without it the first (best by rule) is taken.

    Raises:
        UnsupportedError: no kernel serves a node.
    """
    goals = (optimize,) if choose is None else _GOALS.get(optimize, (optimize,))
    placed = homes(graph)
    buffer_of = dict(placed.buffer_of)
    places: list[Place] = []
    repeats = Repeats(graph)
    for index, node in enumerate(graph.nodes):
        if index in placed.still:
            continue
        if not find(node.op, where=node.source).view:
            place = repeats.find(node)
            if place is None:
                site = site_of(
                    graph, node, core=core, numerics=numerics, optimize=optimize, tables_in_ram=tables_in_ram
                )
                place = place_of(site, goals=goals, most=1 if choose is None else None)
                repeats.add(len(places), node, place)
            places.append(place)
        else:
            places.append(_copy(graph, str(node.inputs[0]), node.outputs[0], source_node=node.source))
    for output in dict.fromkeys(graph.outputs):
        if output in graph.constants:
            buffer_of[output] = output
            places.append(_copy(graph, output, output, source_node=f"constant output {output}"))
    empty = Program(
        graph=graph,
        calls=(),
        buffer_of=buffer_of,
        core=core.name,
        numerics=numerics,
        specialise=optimize != "flash",
        tables_in_ram=tables_in_ram,
        begin_of=placed.begin_of,
        state_of=placed.state_of,
    )
    found = Alternatives(empty, tuple(places))
    return found.program(found.best_by_rule if choose is None else choose(found))


def _copy(graph: Graph, source: str, target: str, *, source_node: str = "") -> Place:
    pointer: Table | Read = Read(source, "uint8_t")
    if source in graph.constants:
        pointer = Table("input0", np.frombuffer(graph.constants[source].tobytes(), np.uint8))
    call = KernelCall(
        kernel="mw_copy",
        op="COPY",
        outputs=(target,),
        params={"bytes": graph.values[target].bytes},
        arguments=(pointer, Write(target, "uint8_t")),
        source=source_node,
    )
    return Place(None, ((call,),))
