# SPDX-License-Identifier: Apache-2.0
"""What a lowering rule sees of one node: its signature, its names, the core and the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from milliwatt.ir import Graph, Node, TensorType
from milliwatt.lower.program import Argument, KernelCall, Overlap, Read, StateArg, Table, Write
from milliwatt.ops import Numerics, Operator, Rounding, Signature, find, signature
from milliwatt.targets import Core

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Site:
    """One node to lower.

    Attributes:
        graph, node: where it stands.
        signature, operator: what it is.
        core: what it will run on.
        numerics: the contract of rounding.
        optimize: what the user wants: speed, balanced, ram or flash.
        tables_in_ram: tables are in RAM already: copying them to scratch gains nothing.
    """

    graph: Graph
    node: Node
    signature: Signature
    operator: Operator
    core: Core
    numerics: Numerics
    optimize: str
    tables_in_ram: bool = False

    @property
    def rounding(self) -> Rounding:
        """How this node rounds under the contract."""
        return self.numerics.rounding(self.node.op)

    def read(self, index: int) -> Argument:
        """Input ``index`` as a pointer: a value of the arena, or a constant table."""
        name = self.node.inputs[index]
        if name is None:
            raise IndexError(f"{self.node.op} has no input {index}")
        kind = self.graph.values[name]
        if name in self.graph.constants:
            return Table(f"input{index}", self.graph.constants[name], kind.dtype.c)
        return Read(name, kind.dtype.c)

    def write(self, index: int = 0) -> Write:
        """Output ``index`` as a pointer."""
        name = self.node.outputs[index]
        return Write(name, self.graph.values[name].dtype.c)

    def state(self, index: int) -> StateArg:
        """State variable ``index`` as a pointer."""
        name = self.node.states[index]
        return StateArg(name, self.graph.state(name).type.dtype.c)

    def type_of(self, value: str) -> TensorType:
        """The type of a value."""
        return self.graph.values[value]

    def in_place(self, *indices: int, distance: int = 0) -> tuple[Overlap, ...]:
        """Permissions to write output 0 over the given inputs (those that lie in the arena)."""
        names = (self.node.inputs[index] for index in indices)
        return tuple(
            Overlap(name, self.node.outputs[0], distance)
            for name in dict.fromkeys(names)
            if name is not None and name not in self.graph.constants
        )

    def call(
        self,
        kernel: str,
        params: dict[str, int | float],
        arguments: tuple[Argument, ...],
        *,
        overlaps: tuple[Overlap, ...] = (),
    ) -> KernelCall:
        """A kernel call that carries out this node whole."""
        return KernelCall(
            kernel=kernel,
            op=self.node.op,
            outputs=self.node.outputs,
            params=params,
            arguments=arguments,
            overlaps=overlaps,
            macs=self.operator.macs(self.signature),
            source=self.node.source,
        )


Candidates = Callable[[Site], Iterator[tuple[KernelCall, ...]]]
"""A lowering rule: yields ways to carry out the node, best first; each is one or more calls in order."""


def site_of(
    graph: Graph, node: Node, *, core: Core, numerics: Numerics, optimize: str, tables_in_ram: bool = False
) -> Site:
    """The site of one node."""
    operator = find(node.op, where=node.source)
    return Site(graph, node, signature(graph, node), operator, core, numerics, optimize, tables_in_ram)
