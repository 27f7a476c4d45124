# SPDX-License-Identifier: Apache-2.0
"""Small programs for the tests of planning: a builder, and a strategy that draws random ones."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from milliwatt.ir import DType, Graph, Node, State, TensorType
from milliwatt.lower.program import Argument, KernelCall, Overlap, Program, Read, Scratch, StateArg, Write
from milliwatt.ops import Numerics


@dataclass
class Builder:
    """Collects values and calls; ``program`` makes the frozen result."""

    values: dict[str, TensorType] = field(default_factory=dict)
    buffer_of: dict[str, str] = field(default_factory=dict)
    calls: list[KernelCall] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    states: list[State] = field(default_factory=list)

    def value(self, name: str, size: int, dtype: DType = DType.INT8) -> str:
        """A value of ``size`` elements in a buffer of its own."""
        self.values[name] = TensorType(dtype, (size,))
        self.buffer_of[name] = name
        return name

    def view(self, name: str, of: str) -> str:
        """A value that shares the buffer of another."""
        self.values[name] = TensorType(self.values[of].dtype, (1, self.values[of].size))
        self.buffer_of[name] = self.buffer_of[of]
        self.nodes.append(Node("RESHAPE", (of,), (name,), source=f"view {name}"))
        return name

    def state(self, name: str, size: int) -> str:
        """A state variable of ``size`` bytes."""
        kind = TensorType(DType.INT8, (size,))
        self.states.append(State(name, kind, np.zeros(size, dtype=np.int8)))
        return name

    def call(
        self,
        reads: list[str],
        writes: list[str],
        *,
        overlaps: tuple[tuple[str, str, int], ...] = (),
        scratch: tuple[Scratch, ...] = (),
        states: tuple[str, ...] = (),
    ) -> None:
        """A call of a kernel that reads and writes whole values."""
        arguments: list[Argument] = [
            *(Read(value, self.values[value].dtype.c) for value in reads),
            *(Write(value, self.values[value].dtype.c) for value in writes),
            *(StateArg(state, "int8_t") for state in states),
            *scratch,
        ]
        source = f"layer {len(self.calls)}"
        self.nodes.append(Node("CUSTOM", tuple(reads), tuple(writes), states=states, source=source))
        self.calls.append(
            KernelCall(
                kernel=f"kernel_{len(self.calls)}",
                op="CUSTOM",
                outputs=tuple(writes),
                params={},
                arguments=tuple(arguments),
                overlaps=tuple(Overlap(read, write, distance) for read, write, distance in overlaps),
                source=source,
            )
        )

    def program(self, inputs: list[str], outputs: list[str]) -> Program:
        """The program of what was collected."""
        graph = Graph(
            name="test",
            values=self.values,
            constants={},
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            nodes=tuple(self.nodes),
            states=tuple(self.states),
        )
        return Program(graph, tuple(self.calls), self.buffer_of, core="any", numerics=Numerics.LITERT)


def chain(*sizes: int, distance: int | None = None) -> Program:
    """A chain of calls over values of these sizes, each permitted to overlap at ``distance`` when given."""
    builder = Builder()
    names = [builder.value(f"v{index}", size) for index, size in enumerate(sizes)]
    for read, write in itertools.pairwise(names):
        overlaps = () if distance is None else ((read, write, distance),)
        builder.call([read], [write], overlaps=overlaps)
    return builder.program(names[:1], names[-1:])


_DTYPES = st.sampled_from([DType.INT8, DType.INT8, DType.INT8, DType.INT16, DType.INT32, DType.INT64])
_SCRATCH = st.builds(
    Scratch,
    bytes=st.integers(0, 40),
    c_type=st.sampled_from(["int8_t", "int32_t"]),
    alignment=st.sampled_from([1, 4, 8]),
)


@st.composite
def programs(draw: st.DrawFn, *, max_calls: int = 8, max_size: int = 40) -> Program:
    """A random program: several inputs and outputs, views, overlaps, scratch, states, unused values."""
    builder = Builder()
    inputs = [
        builder.value(f"in{i}", draw(st.integers(1, max_size)), draw(_DTYPES))
        for i in range(draw(st.integers(1, 2)))
    ]
    states = [builder.state(f"state{i}", draw(st.integers(1, 12))) for i in range(draw(st.integers(0, 2)))]
    known = list(inputs)
    for step in range(draw(st.integers(1, max_calls))):
        reads = draw(st.lists(st.sampled_from(known[-5:]), min_size=1, max_size=3, unique=True))
        writes = [
            builder.value(f"v{step}_{i}", draw(st.integers(1, max_size)), draw(_DTYPES))
            for i in range(draw(st.integers(1, 2)))
        ]
        permitted = [(read, write) for read in reads for write in writes if draw(st.booleans())]
        builder.call(
            reads,
            writes,
            overlaps=tuple((read, write, draw(st.integers(-60, 60))) for read, write in permitted),
            scratch=tuple(draw(st.lists(_SCRATCH, max_size=2))),
            states=tuple(state for state in states if draw(st.booleans())),
        )
        known += writes
        if draw(st.integers(0, 3)) == 0:
            known.append(builder.view(f"view{step}", draw(st.sampled_from(known[-4:]))))
    outputs = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True))
    return builder.program(inputs, [*dict.fromkeys([*outputs, known[-1]])])
