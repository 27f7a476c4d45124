# SPDX-License-Identifier: Apache-2.0
"""The arena as NumPy arrays: checks inputs, and finds each value at the address that the plan gave it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.emit.emitted import Emitted
from milliwatt.errors import InternalError, UsageError

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]


def aligned_bytes(size: int, alignment: int) -> Bytes:
    """Zeroed bytes whose address is a multiple of ``alignment``."""
    raw = np.zeros(size + alignment, np.uint8)
    start = -raw.ctypes.data % alignment
    return raw[start : start + size]


class Arena:
    """The values of an emitted model in a block of memory.

    Args:
        emitted: the model.
        memory: at least ``emitted.plan.arena_bytes`` bytes; written to and read in place.
    """

    def __init__(self, emitted: Emitted, memory: Bytes) -> None:
        self._graph = emitted.plan.program.graph
        self._plan = emitted.plan
        self._memory = memory
        self._inputs = [(name, self.value(name)) for name in self._graph.inputs]
        self._outputs = [self.value(name) for name in self._graph.outputs]

    def value(self, name: str) -> Array:
        """The value of that name as it lies in the arena now, shared and not copied.

        Raises:
            UsageError: the arena holds no such value.
        """
        if name not in self._plan.program.buffer_of:
            raise UsageError(f"the arena holds no value {name!r}", where=self._graph.name)
        kind = self._graph.values[name]
        start = self._plan.offset_of(name)
        raw = self._memory[start : start + kind.bytes]
        return raw.view(kind.dtype.numpy).reshape(kind.shape)

    def write_inputs(self, inputs: Sequence[Array]) -> None:
        """Copy the graph's inputs into the arena.

        Raises:
            UsageError: their number, an element type or a shape is not the graph's.
        """
        if len(inputs) != len(self._inputs):
            raise UsageError(
                f"the model has {len(self._inputs)} inputs, but {len(inputs)} were given",
                where=self._graph.name,
            )
        for (name, place), given in zip(self._inputs, inputs, strict=True):
            if given.dtype != place.dtype or given.shape != place.shape:
                raise UsageError(
                    f"the input must be {place.dtype} {place.shape}, but is {given.dtype} {given.shape}",
                    where=name,
                )
            place[...] = given

    def read_outputs(self) -> list[Array]:
        """Copies of the graph's outputs."""
        return [output.copy() for output in self._outputs]


def check_status(status: int, function: str) -> None:
    """Check what a function of the model returned.

    Raises:
        InternalError: it is not 0.
    """
    if status != 0:
        raise InternalError(f"{function} returned {status}")
