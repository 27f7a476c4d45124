# SPDX-License-Identifier: Apache-2.0
"""The structural verifier: is this a graph at all? What operators mean is checked in `milliwatt.ops.check`.

It looks at types, names and order, never at the elements of an array, so that it can run between
every two passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from milliwatt.errors import InternalError
from milliwatt.ir.graph import Array, Graph, Node
from milliwatt.ir.types import DType, Quant, TensorType


@dataclass(frozen=True)
class Finding:
    """One broken rule: one sentence, and the place in the graph."""

    message: str
    where: str = ""


def verify(graph: Graph) -> Graph:
    """The graph itself, when it is sound.

    Raises:
        InternalError: the graph breaks a rule of its grammar.
    """
    finding = next(findings(graph), None)
    if finding is not None:
        raise InternalError(finding.message, where=finding.where)
    return graph


def findings(graph: Graph) -> Iterator[Finding]:
    """Every broken rule of the graph, in the order of its grammar; none for a sound graph."""
    for name, kind in graph.values.items():
        yield from _type_findings(f'value "{name}"', kind)
    for name, array in graph.constants.items():
        if name not in graph.values:
            yield Finding(f'constant "{name}" is not a value of the graph')
        else:
            yield from _array_findings(f'constant "{name}"', graph.values[name], array)
    yield from _state_findings(graph)
    yield from _definition_findings(graph)


def _type_findings(subject: str, kind: TensorType) -> Iterator[Finding]:
    if any(type(extent) is not int or extent < 1 for extent in kind.shape):
        yield Finding(f"{subject} has the shape {list(kind.shape)}; every extent must be at least 1")
    if kind.quant is None:
        return
    if not kind.dtype.is_integer:
        yield Finding(f"{subject} is {kind.dtype.value} and cannot be quantised")
        return
    yield from _quant_findings(subject, kind, kind.quant)


def _quant_findings(subject: str, kind: TensorType, quant: Quant) -> Iterator[Finding]:
    if not all(math.isfinite(scale) and scale > 0 for scale in quant.scale):
        yield Finding(f"{subject} has a quantisation scale that is not a positive finite number")
    elif not np.array_equal(np.asarray(quant.scale, np.float32).astype(np.float64), quant.scale):
        yield Finding(f"{subject} has a quantisation scale that is not a float32 value")
    low, high = kind.dtype.limits if kind.dtype is not DType.INT64 else DType.INT32.limits
    if not low <= min(quant.zero_point) <= max(quant.zero_point) <= high:
        yield Finding(f"{subject} has a zero point outside the range {low} to {high}")
    if quant.axis is None:
        if len(quant.scale) != 1:
            yield Finding(f"{subject} has {len(quant.scale)} scales but no quantised axis")
    elif not 0 <= quant.axis < len(kind.shape):
        yield Finding(f"{subject} is quantised along axis {quant.axis}, but has {len(kind.shape)} axes")
    elif kind.shape[quant.axis] != len(quant.scale):
        extent = kind.shape[quant.axis]
        yield Finding(f"{subject} has {len(quant.scale)} scales for the {extent} slices of axis {quant.axis}")


def _array_findings(subject: str, kind: TensorType, array: Array) -> Iterator[Finding]:
    if array.dtype != kind.dtype.numpy or array.shape != kind.shape:
        yield Finding(f"{subject} holds {array.dtype}{list(array.shape)}, but its type says {kind}")
    if array.flags.writeable:
        yield Finding(f"{subject} can be written to")


def _state_findings(graph: Graph) -> Iterator[Finding]:
    names: set[str] = set()
    for state in graph.states:
        subject = f'state "{state.name}"'
        if state.name in names:
            yield Finding(f"{subject} is defined twice")
        names.add(state.name)
        yield from _type_findings(subject, state.type)
        yield from _array_findings(subject, state.type, state.initial)


def _definition_findings(graph: Graph) -> Iterator[Finding]:
    """Every value is defined once, and before it is used."""
    defined: set[str] = set()
    for name in graph.inputs:
        if name in defined or name in graph.constants:
            yield Finding(f'graph input "{name}" is defined twice')
        if name not in graph.values:
            yield Finding(f'graph input "{name}" is not a value of the graph')
        defined.add(name)
    defined.update(graph.constants)
    states = {state.name for state in graph.states}
    for node in graph.nodes:
        yield from _node_findings(graph, node, defined, states)
        defined.update(node.outputs)
    for name in graph.outputs:
        if name not in defined:
            yield Finding(f'graph output "{name}" is never defined')
    for name in graph.values:
        if name not in defined:
            yield Finding(f'value "{name}" is never defined')


def _node_findings(graph: Graph, node: Node, defined: set[str], states: set[str]) -> Iterator[Finding]:
    where = node.source or node.op
    for name in node.inputs:
        if name is not None and name not in defined:
            yield Finding(f'{node.op} reads "{name}", which nothing before it defines', where)
    own: set[str] = set()
    for name in node.outputs:
        if name in defined or name in own:
            yield Finding(f'{node.op} defines "{name}" a second time', where)
        own.add(name)
        if name not in graph.values:
            yield Finding(f'{node.op} defines "{name}", which is not a value of the graph', where)
    for name in node.states:
        if name not in states:
            yield Finding(f'{node.op} uses the state "{name}", which the graph does not have', where)
