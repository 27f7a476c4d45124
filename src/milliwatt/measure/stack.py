# SPDX-License-Identifier: Apache-2.0
"""Bounds the stack from the machine code: every function's frame, and the deepest chain of calls.

The frame of a function is the sum of all that its code takes from the stack pointer, on all paths. Jumps
through a register other than a return are taken for switch tables, since emitted C has no pointers to
functions; calls through a register are refused. What interrupts need is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from milliwatt.errors import ToolchainError
from milliwatt.measure.disassembly import disassemble
from milliwatt.measure.image import Function, Image
from milliwatt.measure.stack_riscv import scan_riscv
from milliwatt.measure.stack_thumb import scan_thumb
from milliwatt.targets.core_registry import Isa

Scan = Callable[[Image, Function, Iterable[Any]], tuple[int, list[int]]]


def stack_bound(image: Image, isa: Isa, *, entries: Iterable[str]) -> int:
    """Bytes of stack that the deepest chain of calls from any of the entries can take.

    Args:
        image: the linked model.
        isa: its instruction set.
        entries: names of functions; those that the image lacks are left out.

    Raises:
        ToolchainError: there is recursion, a call through a register, or a frame of unknown size.
    """
    scan = scan_riscv if isa == "riscv32" else scan_thumb
    depths: dict[int, int] = {}
    return max(
        (
            _depth(image, isa, scan, image.entries[name], depths=depths, chain=())
            for name in entries
            if name in image.entries
        ),
        default=0,
    )


def _depth(
    image: Image, isa: Isa, scan: Scan, address: int, *, depths: dict[int, int], chain: tuple[int, ...]
) -> int:
    function = image.function_at(address)
    if function is None:
        raise ToolchainError(f"{address:#x} is called, but no function is there")
    start = function.address
    if start in chain:
        raise ToolchainError(
            "the stack has no bound: the code is recursive", where=function.name, hint="please report it"
        )
    if start not in depths:
        own, calls = scan(image, function, disassemble(image, isa, function))
        below = [
            _depth(image, isa, scan, target, depths=depths, chain=(*chain, start))
            for target in sorted(set(calls))
        ]
        depths[start] = own + max(below, default=0)
    return depths[start]
