# SPDX-License-Identifier: Apache-2.0
"""Finds the operators of this package by walking its files."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

import milliwatt.ops as package
from milliwatt.errors import UnsupportedError
from milliwatt.ir import Graph, Node
from milliwatt.ops.operator import Operator, Signature


@functools.cache
def operators() -> Mapping[str, Operator]:
    """Every operator by name, in alphabetical order."""
    found: dict[str, Operator] = {}
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        operator = getattr(module, "OPERATOR", None)
        if isinstance(operator, Operator):
            found[operator.name] = operator
    return MappingProxyType(dict(sorted(found.items())))


def find(op: str, *, where: str = "") -> Operator:
    """The operator of that name.

    Raises:
        UnsupportedError: milliwatt has no such operator.
    """
    operator = operators().get(op)
    if operator is None:
        raise UnsupportedError(
            f"operator {op} is not supported",
            where=where,
            hint="`milliwatt ops` lists what is; replace the operator in the model and convert it again",
        )
    return operator


def signature(graph: Graph, node: Node) -> Signature:
    """One node of a graph as constraints, meanings and lowerings see it."""
    operator = find(node.op, where=node.source)
    return Signature(
        op=node.op,
        inputs=tuple(None if name is None else graph.values[name] for name in node.inputs),
        outputs=tuple(graph.values[name] for name in node.outputs),
        constants=tuple(None if name is None else graph.constants.get(name) for name in node.inputs),
        attrs=MappingProxyType(operator.filled(node)),
        states=tuple(graph.state(name).type for name in node.states),
        source=node.source,
    )
