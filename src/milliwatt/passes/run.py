# SPDX-License-Identifier: Apache-2.0
"""Runs the passes in order, to a fixed point, and verifies the graph between every two."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from milliwatt.errors import InternalError, MilliwattError
from milliwatt.ir import Graph
from milliwatt.ir.verify import verify
from milliwatt.ops import Numerics
from milliwatt.ops.check import check
from milliwatt.passes.rewrite import Pass

# Every pass shrinks the graph or leaves it; a real model settles in two or three rounds.
_MAX_ROUNDS = 20


@functools.cache
def passes() -> tuple[Pass, ...]:
    """All passes of this package in the order in which they run."""
    import milliwatt.passes as package

    found = []
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        entry = getattr(module, "PASS", None)
        if isinstance(entry, Pass):
            found.append(entry)
    return tuple(sorted(found, key=lambda entry: (entry.order, entry.name)))


def optimise(graph: Graph, numerics: Numerics = Numerics.LITERT) -> Graph:
    """The graph after all passes, repeated until none changes anything.

    Every pass keeps every output byte that integers alone lead to, under the given contract of rounding. Floats
    from which no integer is rounded may change by rounding, where constants go into weights and where arithmetic
    becomes one operator; the passes that do so say it.

    Raises:
        InternalError: a pass left a graph that does not verify; it names the pass.
    """
    for _ in range(_MAX_ROUNDS):
        before = graph
        for entry in passes():
            graph = _run(entry, graph, numerics)
        if graph is before:
            return graph
    raise InternalError(f"the passes did not settle in {_MAX_ROUNDS} rounds")


def _run(entry: Pass, graph: Graph, numerics: Numerics) -> Graph:
    result = entry.run(graph, numerics)
    if result is graph:
        return graph
    try:
        verify(result)
        check(result)
    except MilliwattError as error:
        raise InternalError(
            f"pass {entry.name} broke the graph: {error.message}", where=error.where
        ) from error
    return result
