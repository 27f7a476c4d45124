# SPDX-License-Identifier: Apache-2.0
"""Computes equal nodes with equal inputs once: common subexpressions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Graph, Node
from milliwatt.ops import Numerics
from milliwatt.passes.rewrite import Change, Pass, rewrite

Array = npt.NDArray[Any]

_LARGEST_COMPARED = 4096
"""Constants of more bytes are equal only if they are the same value: two equal filters are not expected."""


class _Sharing:
    """What has been computed so far."""

    def __init__(self, constants: Mapping[str, Array]) -> None:
        self._constants = constants
        self._computed: dict[Hashable, tuple[str, ...]] = {}

    def visit(self, graph: Graph, node: Node) -> Change | None:
        """Drop a node whose outputs another has computed."""
        if node.states or not node.outputs:
            return None
        key = (
            node.op,
            tuple(self._input(graph, name) for name in node.inputs),
            tuple(sorted(node.attrs.items())),
            tuple(graph.values[name] for name in node.outputs),
        )
        first = self._computed.setdefault(key, node.outputs)
        return None if first == node.outputs else Change(renamed=dict(zip(node.outputs, first, strict=True)))

    def _input(self, graph: Graph, name: str | None) -> Hashable:
        """The value's name, or the contents of a small constant."""
        array = None if name is None else self._constants.get(name)
        if name is None or array is None or array.nbytes > _LARGEST_COMPARED:
            return name
        return graph.values[name], np.ascontiguousarray(array).tobytes()


def share_results(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph. A node whose output is the graph's stays."""
    return rewrite(graph, _Sharing(graph.constants).visit)


PASS = Pass(
    "share-results", 15, "before the recognisers, which want each value to have one name", share_results
)
