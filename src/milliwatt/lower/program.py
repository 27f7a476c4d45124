# SPDX-License-Identifier: Apache-2.0
"""The result of lowering: kernel calls in order, and what each reads, writes and may overlap.

A `Program` still knows nothing of addresses. Values live in *buffers*; a value made by a view operator
(RESHAPE, …) shares the buffer of the value it views; a part of a value lies inside the buffer of the whole. A buffer
can be the memory of a state variable: then it holds its values from the call that names one of them among its
outputs to the next call that touches the variable, and nothing may be written to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import Graph, TensorType
from milliwatt.ir.types import frozen
from milliwatt.ops import Numerics

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Read:
    """An argument that points to a value that the kernel reads. ``c_type`` is the element type in C."""

    value: str
    c_type: str


@dataclass(frozen=True)
class Write:
    """An argument that points to a value that the kernel writes.

    One call writes the value whole, or several calls of one node write its parts in order: each keeps what the
    earlier ones wrote, and only the last one names the value among its ``outputs``.
    """

    value: str
    c_type: str


@dataclass(frozen=True)
class Scratch:
    """An argument that points to bytes that hold nothing before and after the call."""

    bytes: int
    c_type: str
    alignment: int = 4


@dataclass(frozen=True)
class StateArg:
    """An argument that points to a state variable, read and written in place."""

    state: str
    c_type: str


@dataclass(frozen=True)
class Table:
    """An argument that points to constants: weights, biases, multipliers, look-up tables.

    ``role`` is a C identifier that names the table in the emitted file (weights, bias, …).
    """

    role: str
    array: Array = field(compare=False)
    c_type: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "array", frozen(self.array))
        if not self.c_type:
            kind = self.array.dtype
            name = "float" if kind == np.float32 else "uint8_t" if kind == np.bool_ else f"{kind.name}_t"
            object.__setattr__(self, "c_type", name)

    @property
    def bytes(self) -> int:
        """Bytes in flash."""
        return int(self.array.nbytes)


Argument = Read | Write | Scratch | StateArg | Table


@dataclass(frozen=True)
class Overlap:
    """Permission for a written buffer to share bytes with a read one.

    The call stays correct as long as ``address(read) - address(write) >= distance`` (bytes, may be
    negative). An element-wise kernel that goes forwards over equal sizes has distance 0: in place, or
    written anywhere below. Without a rule the two buffers must not touch.

    An ``exact`` permission is for one address alone: the output begins where the input does (distance 0).
    """

    read: str
    write: str
    distance: int
    exact: bool = False


@dataclass(frozen=True)
class KernelCall:
    """One call of one kernel.

    Attributes:
        kernel: name of the C function and stem of its file in runtime/kernels.
        op: the operator that it carries out, for reports.
        outputs: the names of the values it makes, for reports and for finding a first difference.
        params: the kernel's parameters, fields of ``struct <kernel>_params`` (int or float), compile-time constants.
        arguments: pointers, in the order of the C function, behind the params.
        overlaps: permissions for the planner.
        macs: multiply-accumulates that the kernel carries out.
        source: where the work comes from in the user's model.
    """

    kernel: str
    op: str
    outputs: tuple[str, ...]
    params: Mapping[str, int | float]
    arguments: tuple[Argument, ...]
    overlaps: tuple[Overlap, ...] = ()
    macs: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    @property
    def reads(self) -> tuple[str, ...]:
        """Values that the call reads, each once."""
        return tuple(dict.fromkeys(a.value for a in self.arguments if isinstance(a, Read)))

    @property
    def writes(self) -> tuple[str, ...]:
        """Values that the call writes, each once."""
        return tuple(dict.fromkeys(a.value for a in self.arguments if isinstance(a, Write)))

    @property
    def scratch(self) -> tuple[Scratch, ...]:
        """The scratch arguments in order."""
        return tuple(a for a in self.arguments if isinstance(a, Scratch))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The constant tables in order."""
        return tuple(a for a in self.arguments if isinstance(a, Table))


@dataclass(frozen=True)
class Program:
    """A lowered graph.

    Attributes:
        graph: the graph that was lowered (values, inputs, outputs and states keep their names).
        calls: kernel calls in execution order.
        buffer_of: the buffer that holds each value of the arena; a buffer is named after its first value.
        core: name of the core that it was lowered for.
        numerics: the contract of rounding.
        specialise: whether each kernel gets its parameters as compile-time constants (fast) or reads
            them at run time so that calls share one copy of its code (small).
        tables_in_ram: whether the firmware's start-up code copies all tables to RAM, where reading is fast.
        state_of: for each buffer that is a state variable's memory, the variable.
        begin_of: bytes from the begin of its buffer at which a value lies; values without an entry begin there.
    """

    graph: Graph
    calls: tuple[KernelCall, ...]
    buffer_of: Mapping[str, str]
    core: str
    numerics: Numerics
    specialise: bool = True
    tables_in_ram: bool = False
    state_of: Mapping[str, str] = field(default_factory=dict)
    begin_of: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("buffer_of", "state_of", "begin_of"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def type_of(self, value: str) -> TensorType:
        """The type of a value."""
        return self.graph.values[value]

    def home_state(self, value: str) -> str | None:
        """The state variable in whose memory a value lies, if it lies in one."""
        return self.state_of.get(self.buffer_of[value])

    def span_of(self, value: str) -> tuple[int, int]:
        """The bytes [begin, end) of its buffer that a value takes."""
        begin = self.begin_of.get(value, 0)
        return begin, begin + self.graph.values[value].bytes

    def buffer_bytes(self) -> dict[str, int]:
        """Bytes of each buffer: as far as any of its values reaches."""
        sizes: dict[str, int] = {}
        for value, buffer in self.buffer_of.items():
            sizes[buffer] = max(sizes.get(buffer, 0), self.span_of(value)[1])
        return sizes

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run."""
        return sum(call.macs for call in self.calls)

    @property
    def weights_bytes(self) -> int:
        """Bytes of all constant tables, shared ones counted once per call."""
        return math.fsum(table.bytes for call in self.calls for table in call.tables).__int__()
