# SPDX-License-Identifier: Apache-2.0
"""Runs an emitted model on this computer, for thousands of samples."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from milliwatt.emit.emitted import Emitted
from milliwatt.errors import VerificationError
from milliwatt.measure.arena import Arena, aligned_bytes, check_status
from milliwatt.measure.toolchain import Level, build_library

Array = npt.NDArray[Any]

_GUARD_BYTES = 64
_GUARD = 0xA5


class HostRunner:
    """An emitted model as a function on this computer. State is kept from run to run until `reset`.

    Bytes on both sides of the arena are watched: a model that writes outside of its arena is an error.

    Args:
        emitted: the model.
        level: the optimisation level.

    Raises:
        ToolchainError: it does not compile.
    """

    def __init__(self, emitted: Emitted, *, level: Level = "O2") -> None:
        self.emitted = emitted
        self._library = ctypes.CDLL(str(build_library(emitted, level=level).file))
        size = emitted.plan.arena_bytes
        front = max(_GUARD_BYTES, emitted.plan.alignment)
        whole = aligned_bytes(front + size + _GUARD_BYTES, front)
        self._guards = (whole[:front], whole[front + size :])
        for guard in self._guards:
            guard[:] = _GUARD
        self._memory = whole[front : front + size]
        self._arena = Arena(emitted, self._memory)
        self._address = whole.ctypes.data + front
        self.reset()

    def reset(self) -> None:
        """Set the state variables to their initial values."""
        if self.emitted.stateful:
            self._call(self.emitted.init_function)

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The outputs for one sample.

        Args:
            inputs: one array per graph input, of its element type and shape.

        Raises:
            UsageError: an input has the wrong type or shape.
            VerificationError: the model wrote outside of its arena.
        """
        self._arena.write_inputs(inputs)
        self._call(self.emitted.run_function)
        return self._arena.read_outputs()

    def run_until(self, inputs: Sequence[Array], steps: int) -> None:
        """Carry out the first ``steps`` steps only; needs a model emitted with ``stoppable``."""
        self._arena.write_inputs(inputs)
        self._call(f"{self.emitted.name}_run_until", steps)

    def value(self, name: str) -> Array:
        """A copy of any value as the arena holds it now: whole only as long as the plan keeps it."""
        return self._arena.value(name).copy()

    def _call(self, name: str, *arguments: int) -> None:
        function = getattr(self._library, name)
        function.restype = ctypes.c_int32
        function.argtypes = [ctypes.c_void_p, *[ctypes.c_int32] * len(arguments)]
        check_status(function(self._address, *arguments), name)
        if any((guard != _GUARD).any() for guard in self._guards):
            raise VerificationError("the model wrote outside of its arena", where=name)
