# SPDX-License-Identifier: Apache-2.0
"""Assembles small programs, runs them on an emulated board and prices them with the core's rules."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from milliwatt import targets
from milliwatt.measure.emulator.machine import Machine
from milliwatt.measure.emulator.trace import Trace, Tracer
from milliwatt.measure.image import Image, read_image
from milliwatt.measure.timing import Pricer, StepCost
from milliwatt.measure.toolchain import compiler_for, memories, run_tool
from milliwatt.measure.toolchain.linker_script import linker_script

_TABLE = """
.syntax unified
.thumb
.section .rodata.table, "a", %progbits
.balign 32
table: .word table, 1, 2, 3, 4, 5, 6, 7
"""
# The program itself starts a cache line, so that what it costs does not depend on its neighbours.
_PROGRAM = """
.section .text.{name}_run, "ax", %progbits
.balign 4
.global {name}_run
.type {name}_run, %function
.thumb_func
{name}_run:
    push {{r4, lr}}
    add r1, r0, #64
    movw r2, :lower16:table
    movt r2, :upper16:table
    movs r3, #8
    bl {name}
    movs r0, #0
    pop {{r4, pc}}
.size {name}_run, . - {name}_run
.section .text.{name}, "ax", %progbits
.balign 32
.type {name}, %function
.thumb_func
{name}:
{code}
.size {name}, . - {name}
"""


@dataclass(frozen=True)
class Program:
    """A program with its cycles counted by hand.

    Attributes:
        name: of the program.
        rule: the rule that it pins.
        code: its lines of assembly.
        cycles: what it must cost.
        why: the count.
    """

    name: str
    rule: str
    code: tuple[str, ...]
    cycles: float
    why: str


def programs(file: Path) -> tuple[Program, ...]:
    """The programs of a TOML file."""
    tables = tomllib.loads(file.read_text("utf-8"))
    return tuple(
        Program(name, table["rule"], tuple(table["code"]), float(table["cycles"]), table["why"])
        for name, table in tables.items()
    )


def assemble(codes: Mapping[str, Sequence[str]], board: targets.Board) -> Image:
    """Assemble and link programs for a board, each as a function of its name.

    On entry r0 points to the start of the RAM, r1 64 bytes behind, r2 to a table in flash whose first
    word is its own address, and r3 is 8.
    """
    tool = compiler_for(board.core, "clang")
    flash, ram = memories(board)
    text = _TABLE + "".join(_PROGRAM.format(name=name, code="\n".join(code)) for name, code in codes.items())
    script = linker_script(flash=flash, ram=ram, keep=[f"{name}_run" for name in codes])
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "probe.s").write_text(text, "utf-8")
        (directory / "link.ld").write_text(script, "utf-8")
        command = [*tool.command, *tool.target, *tool.link, "-T", "link.ld", "probe.s", "-o", "probe.elf"]
        run_tool(command, directory=directory, what="probe.s")
        return read_image(directory / "probe.elf")


def run(image: Image, board: targets.Board, name: str, *, data: bytes = b"") -> Trace:
    """Run one program; the trace holds its own blocks and not those of what called it.

    Args:
        image: from `assemble`.
        board: the board that it was assembled for.
        name: the program.
        data: what the RAM holds where r0 points to.
    """
    machine = Machine(image, board)
    machine.ram[: len(data)] = list(data)
    _, ram = memories(board)
    tracer = Tracer(machine, image.function_at(image.entries[f"{name}_run"]), steps=1, memory=True)
    tracer.clear()
    machine.call(f"{name}_run", ram.origin, stack=ram.end)
    trace = tracer.result(stack_bytes=0, outputs=[])
    program = image.function_at(image.entries[name])
    assert program is not None
    addresses = trace.blocks["address"]
    own = (addresses >= program.address) & (addresses < program.address + program.bytes)
    return replace(trace, blocks=trace.blocks[own])


def costs(codes: Mapping[str, Sequence[str]], board: targets.Board) -> dict[str, StepCost]:
    """What each program costs."""
    image = assemble(codes, board)
    pricer = Pricer(image, board)
    return {name: pricer.price(run(image, board, name))[0] for name in codes}
