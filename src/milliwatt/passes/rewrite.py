# SPDX-License-Identifier: Apache-2.0
"""The rewrite engine: passes are functions Graph -> Graph made of small local changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from milliwatt.ir import Graph, Node, TensorType
from milliwatt.ops import Numerics

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Pass:
    """One entry of the pipeline.

    Attributes:
        name: what `--stop-after` and reports call it.
        order: passes run from small to large; gaps of ten leave room for new files.
        reason: why it stands where it stands.
        run: the function (graph, contract of rounding) -> graph. It returns the same object when it
            changes nothing.
    """

    name: str
    order: int
    reason: str
    run: Callable[[Graph, Numerics], Graph]


@dataclass(frozen=True)
class Change:
    """What becomes of one node.

    Attributes:
        nodes: what stands in its place; empty to drop it.
        renamed: values of the node that all readers shall read from another value instead.
        constants: new constants by name, with their types in ``values``.
        values: types of new values, or new types of old ones.
    """

    nodes: tuple[Node, ...] = ()
    renamed: Mapping[str, str] | None = None
    constants: Mapping[str, Array] | None = None
    values: Mapping[str, TensorType] | None = None


def rewrite(graph: Graph, visit: Callable[[Graph, Node], Change | None]) -> Graph:
    """Offer each node to ``visit`` in order and apply what it returns; None keeps the node.

    A renamed value that is a graph output keeps its name: the change is then not applied.
    """
    nodes: list[Node] = []
    renamed: dict[str, str] = {}
    values, constants = dict(graph.values), dict(graph.constants)
    changed = False
    for node in graph.nodes:
        current = replace(
            node, inputs=tuple(None if name is None else renamed.get(name, name) for name in node.inputs)
        )
        view = graph if not changed else graph.replace(values=values, constants=constants)
        change = visit(view, current)
        if change is None or any(name in graph.outputs for name in change.renamed or {}):
            nodes.append(current)
            changed = changed or current.inputs != node.inputs
            continue
        changed = True
        nodes.extend(change.nodes)
        renamed.update({old: renamed.get(new, new) for old, new in (change.renamed or {}).items()})
        constants.update(change.constants or {})
        values.update(change.values or {})
    if not changed:
        return graph
    return graph.replace(nodes=tuple(nodes), values=values, constants=constants).pruned()
