# SPDX-License-Identifier: Apache-2.0
"""A program of one node: what a candidate is measured in."""

from __future__ import annotations

from dataclasses import replace

from milliwatt.ir import Graph
from milliwatt.lower.alternatives import Calls
from milliwatt.lower.program import Program, StateArg


def one_node(program: Program, calls: Calls) -> Program:
    """The calls of one node alone: what they read from others are its inputs, what they write its outputs.

    Args:
        program: whose values the calls name; its settings are kept.
        calls: the calls of one node, in order.
    """
    read = dict.fromkeys(value for call in calls for value in call.reads)
    written = dict.fromkeys(value for call in calls for value in call.writes)
    inputs = tuple(value for value in read if value not in written)
    names = dict.fromkeys((*inputs, *written))
    states = {a.state for call in calls for a in call.arguments if isinstance(a, StateArg)}
    graph = Graph(
        name="layer",
        values={name: program.type_of(name) for name in names},
        constants={},
        inputs=inputs,
        outputs=tuple(written),
        nodes=(),
        states=tuple(state for state in program.graph.states if state.name in states),
    )
    homes = {name: name for name in names}
    return replace(program, graph=graph, calls=calls, buffer_of=homes, begin_of={}, state_of={})
