# SPDX-License-Identifier: Apache-2.0
"""A running QEMU: memory is read and written, functions are called and their instructions counted.

QEMU runs with ``-icount``: each instruction takes the same virtual time, and nothing else takes any. The timer of
the machine shows that time, so that a difference of its values is a number of instructions.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import threading
import weakref
from dataclasses import dataclass
from functools import cache
from typing import IO

from milliwatt.errors import InternalError, ToolchainError
from milliwatt.measure.image import Image, read_image
from milliwatt.measure.qemu.monitor import build_monitor
from milliwatt.measure.qemu.systems import MONITOR_BYTES, System
from milliwatt.targets import Core

PROGRAM = "qemu-system-arm"

# An instruction takes 2 ** 7 = 128 ns, more than two ticks of every machine's timer: a difference of two readings,
# which is off by less than one tick, then tells the number of instructions.
_SHIFT = 7
_LOOP_TURNS = 100_000
_TIMEOUT_SECONDS = 300.0
_READ, _WRITE, _CALL = 1, 2, 3
_RETURNED, _FAULTED = 1, 2
_BFAR_VALID = 1 << 15


@dataclass(frozen=True)
class Returned:
    """What a call gave: the signed 32-bit result, and the instructions of the function itself."""

    result: int
    instructions: int


@cache
def program() -> str:
    """The path of QEMU.

    Raises:
        ToolchainError: it is not installed, or the operating system has no /dev/stdin, which the monitor opens.
    """
    found = shutil.which(PROGRAM)
    if found is None or not os.path.exists("/dev/stdin"):
        missing = "is not installed" if found is None else "can be used on Linux and macOS only"
        raise ToolchainError(
            f"{PROGRAM} {missing}",
            hint="install it (Debian and Ubuntu: `apt-get install qemu-system-arm`), or take --runner emulator",
        )
    return found


def has_qemu() -> bool:
    """Whether QEMU for Arm is installed and can be used."""
    try:
        program()
    except ToolchainError:
        return False
    return True


def _end(process: subprocess.Popen[bytes], *streams: IO[bytes] | None) -> None:
    process.kill()
    process.wait()
    for stream in streams:
        if stream is not None:
            stream.close()


class Machine:
    """A process of QEMU with the monitor in it and a model in its memory; it ends with this object.

    Args:
        image: the model, linked for the system's memories.
        core: its core.
        system: the machine.

    Raises:
        ToolchainError: QEMU is missing or does not start, or its clock does not count instructions.
    """

    def __init__(self, image: Image, core: Core, system: System) -> None:
        monitor = build_monitor(core, system)
        self._image = image
        self._title = f"{core.name} of QEMU's {system.name}"
        self._tick_ns = system.tick_ns
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [
                *(program(), "-machine", system.name, "-kernel", str(monitor)),
                *("-icount", f"shift={_SHIFT}", "-semihosting-config", "enable=on,target=native"),
                *("-nodefaults", "-display", "none", "-serial", "none", "-monitor", "none"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
        )
        streams = (self._process.stdin, self._process.stdout, self._errors)
        self.close = weakref.finalize(self, _end, self._process, *streams)
        self._late = False
        self._frame = 0
        self._check_clock(read_image(monitor), system.ram.end - MONITOR_BYTES // 2)
        for address, content in image.segments:
            self.write(address, content)

    def _check_clock(self, monitor: Image, stack: int) -> None:
        """Measure what a call costs by itself, then see that a loop takes the instructions that it has."""
        self._frame = self._call("nothing", monitor.entries["mw_monitor_nothing"], 0, stack).instructions - 1
        loop = self._call("loop", monitor.entries["mw_monitor_loop"], _LOOP_TURNS, stack)
        if loop.instructions != 2 * _LOOP_TURNS + 1:
            raise ToolchainError(
                f"QEMU counted {loop.instructions} instructions in a loop of {2 * _LOOP_TURNS + 1}",
                where=self._title,
                hint="this version of QEMU has another clock than expected; please report it",
            )

    def write(self, address: int, content: bytes) -> None:
        """Write bytes to memory."""
        self._send(struct.pack("<4I", _WRITE, address, len(content), 0) + content)

    def read(self, address: int, size: int) -> bytes:
        """Read bytes from memory."""
        self._send(struct.pack("<4I", _READ, address, size, 0))
        return self._receive(size, "a read of memory")

    def call(self, name: str, argument: int, *, stack: int) -> Returned:
        """Call a function of the model.

        Args:
            name: the function.
            argument: its argument.
            stack: the stack pointer on entry.

        Raises:
            ToolchainError: the core faulted, or the function did not return in time.
        """
        if name not in self._image.entries:
            raise InternalError(f"the build has no function {name}")
        return self._call(name, self._image.entries[name], argument, stack)

    def _call(self, name: str, address: int, argument: int, stack: int) -> Returned:
        self._send(struct.pack("<4I", _CALL, address | 1, argument, stack))
        kind, first, second, third = struct.unpack("<4I", self._receive(16, name))
        if kind == _FAULTED:
            raise self._fault(name, first, second, third)
        if kind != _RETURNED or third:
            reason = "more instructions than the timer can count" if third else "an answer without meaning"
            raise ToolchainError(f"the {self._title} gave {reason}", where=name)
        instructions = round(second * self._tick_ns / (1 << _SHIFT)) - self._frame
        return Returned(first - (first >> 31 << 32), instructions)

    def _send(self, request: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None
        view = memoryview(request)
        try:
            while view:
                view = view[stream.write(view) or 0 :]
        except OSError as error:
            raise self._ended("a request") from error

    def _receive(self, size: int, what: str) -> bytes:
        stream = self._process.stdout
        assert stream is not None
        clock = threading.Timer(_TIMEOUT_SECONDS, self._stop_late)
        clock.daemon = True
        clock.start()
        received = bytearray()
        try:
            while len(received) < size:
                part = stream.read(size - len(received))
                if not part:
                    raise self._ended(what)
                received += part
        finally:
            clock.cancel()
        return bytes(received)

    def _stop_late(self) -> None:
        self._late = True
        self._process.kill()

    def _ended(self, what: str) -> ToolchainError:
        """The error of a process that ended by itself or was stopped for taking too long."""
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").splitlines()
        told = [line for line in lines if line.strip() and ": warning: " not in line]
        reason = "\n".join(told[:5]) or f"QEMU ended with status {status}"
        if self._late:
            reason = f"no answer within {_TIMEOUT_SECONDS:g} s"
        return ToolchainError(f"the {self._title} stopped in {what}: {reason}", where=what)

    def _fault(self, name: str, pc: int, status: int, address: int) -> ToolchainError:
        function = self._image.function_at(pc)
        place = f"{pc:#010x}" + (f" in {function.name}" if function else "")
        data = f", data address {address:#010x}" if status & _BFAR_VALID else ""
        return ToolchainError(
            f"the {self._title} stopped in {name}: fault status {status:#010x}",
            where=f"{place}{data}",
            hint="the emitted code did what this core or board does not allow; please report it",
        )
