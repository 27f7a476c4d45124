# SPDX-License-Identifier: Apache-2.0
"""The machines of QEMU that stand in for boards, by the names of QEMU: where their memories and timer lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

from milliwatt.errors import UsageError
from milliwatt.measure.toolchain import memories
from milliwatt.targets import Board, Region

_MIB = 1 << 20
# In front of the model: the vectors and the code of the monitor. Behind the model's RAM: its stack and variables.
MONITOR_BYTES = 64 * 1024


@dataclass(frozen=True)
class System:
    """A machine of QEMU with enough memory for every board.

    Attributes:
        name: what QEMU calls it.
        code, ram: its memories; the core starts with the vectors at the start of ``code``.
        timer: the address of a CMSDK APB timer that is driven by the system clock.
        tick_ns: the period of the system clock, in nanoseconds.
    """

    name: str
    code: Region
    ram: Region
    timer: int
    tick_ns: int


def _mps2(name: str) -> System:
    code, ram = Region(0, 4 * _MIB), Region(0x2000_0000, 4 * _MIB)
    return System(name, code, ram, timer=0x4000_0000, tick_ns=40)


# Arm application notes AN385, AN386, AN500 (25 MHz) and AN505 (20 MHz; the secure aliases of its memories).
_SYSTEMS = (
    _mps2("mps2-an385"),
    _mps2("mps2-an386"),
    _mps2("mps2-an500"),
    System(
        "mps2-an505",
        code=Region(0x1000_0000, 4 * _MIB),
        ram=Region(0x3800_0000, 4 * _MIB),
        timer=0x5000_0000,
        tick_ns=50,
    ),
)


def system_for(board: Board) -> System:
    """The machine with a board's core.

    Raises:
        UsageError: QEMU has none, or it has less memory than the board.
    """
    known = {system.name: system for system in _SYSTEMS}
    if board.core.qemu not in known:
        raise UsageError(
            f"QEMU runs no {board.core.title}" if not board.core.is_host else "the host is not emulated",
            where=board.name,
            hint="take --runner emulator" if not board.core.is_host else "take --runner host",
        )
    system = known[board.core.qemu]
    flash, ram = memories(board)
    if max(flash.bytes, ram.bytes) > min(system.code.bytes, system.ram.bytes) - MONITOR_BYTES:
        raise UsageError(
            f"QEMU's {system.name} has less memory than {board.title}",
            where=board.name,
            hint="take --runner emulator",
        )
    return system


def placed(board: Board, system: System) -> Board:
    """The board with memories of the same sizes where the machine has its own."""
    flash, ram = memories(board)
    return replace(
        board,
        flash=Region(system.code.origin + MONITOR_BYTES, flash.bytes),
        ram=Region(system.ram.origin, ram.bytes),
    )
