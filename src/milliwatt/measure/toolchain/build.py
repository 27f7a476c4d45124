# SPDX-License-Identifier: Apache-2.0
"""Compiles an emitted model: for a board into an ELF file of its exact size, for the host a library."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from milliwatt.emit.emitted import Emitted
from milliwatt.errors import BudgetError, ToolchainError, UsageError
from milliwatt.measure.toolchain.cache import cached, content_key
from milliwatt.measure.toolchain.compilers import Compiler, CompilerName, Level, compiler_for, run_tool
from milliwatt.measure.toolchain.linker_script import linker_script
from milliwatt.measure.toolchain.symbols import check_freestanding
from milliwatt.targets import Board, Region, board

_SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")


@dataclass(frozen=True)
class Built:
    """A compiled model.

    Attributes:
        file: the ELF file or shared library.
        compiler: name and version of the compiler.
        level: the optimisation level.
    """

    file: Path
    compiler: str
    level: Level


def memories(target: Board) -> tuple[Region, Region]:
    """Flash and RAM of a board.

    Raises:
        UsageError: it is the host, which has neither.
    """
    if target.flash is None or target.ram is None:
        raise UsageError(
            f"{target.name!r} has no flash and RAM to measure",
            hint="choose a device board; `milliwatt boards` lists them",
        )
    return target.flash, target.ram


def _write(directory: Path, emitted: Emitted) -> None:
    (directory / f"{emitted.name}.h").write_text(emitted.header, "utf-8", newline="\n")
    (directory / f"{emitted.name}.c").write_text(emitted.source, "utf-8", newline="\n")


def _compile(directory: Path, emitted: Emitted, *, compiler: Compiler, flags: tuple[str, ...]) -> None:
    object_file = f"{emitted.name}.o"
    command = [*compiler.command, *flags, "-c", f"{emitted.name}.c", "-o", object_file]
    run_tool(command, directory=directory, what=f"{emitted.name}.c")
    check_freestanding(directory / object_file)


def build_elf(
    emitted: Emitted, target: Board, *, level: Level = "O2", compiler: CompilerName = "clang"
) -> Built:
    """Compile and link a model for a board: its functions and constants alone, without startup code.

    Args:
        emitted: the model.
        target: a device board.
        level: the optimisation level.
        compiler: clang (ziglang), or gcc when it is installed.

    Raises:
        UsageError: the board is the host.
        ToolchainError: the compiler is missing or refuses the code.
        BudgetError: the model does not fit the board's flash.
    """
    flash, ram = memories(target)
    tool = compiler_for(target.core, compiler)
    keep = [f"{emitted.name}_{suffix}" for suffix in ("run", "init", "run_until")]
    script = linker_script(flash=flash, ram=ram, keep=keep)
    flags = tool.compile_flags(level)
    link = _link_flags(emitted, tool, level)

    def make(directory: Path) -> None:
        _write(directory, emitted)
        (directory / "link.ld").write_text(script, "utf-8", newline="\n")
        _compile(directory, emitted, compiler=tool, flags=flags)
        if tool.block_flags:
            (directory / "block_functions.c").write_text(_block_functions(), "utf-8", newline="\n")
            command = [*tool.command, *tool.block_flags, "-c", "block_functions.c", "-o", "block_functions.o"]
            run_tool(command, directory=directory, what="block_functions.c")
        try:
            command = [*tool.command, *link, "-o", "model.elf"]
            run_tool(command, directory=directory, what=f"{emitted.name}.elf")
        except ToolchainError as error:
            raise _budget(error, target, emitted) from error

    blocks = (_block_functions(), *tool.block_flags) if tool.block_flags else ()
    key = content_key(
        "elf", tool.title, flags, link, blocks, script, emitted.name, emitted.header, emitted.source
    )
    return Built(cached(key, make) / "model.elf", tool.title, level)


def _link_flags(emitted: Emitted, tool: Compiler, level: Level) -> list[str]:
    libraries = ["block_functions.o", "-lgcc"] if tool.block_flags else []
    return [
        *tool.target,
        f"-{level}",
        "-g",  # keeps the symbol table at -Os and -Oz; the linker script drops the debugging information
        *tool.link,
        f"-Wl,-e,{emitted.run_function}",
        "-Wl,--gc-sections",
        "-T",
        "link.ld",
        f"{emitted.name}.o",
        *libraries,
    ]


def _block_functions() -> str:
    return resources.files("milliwatt.measure.toolchain").joinpath("block_functions.c").read_text("utf-8")


def _budget(error: ToolchainError, target: Board, emitted: Emitted) -> ToolchainError | BudgetError:
    """The error that says which memory is too small, when that is why the linker failed."""
    found = re.findall(r"region [`']?(\w+)'?:? overflowed by (\d+) bytes", error.message)
    if not found:
        return error
    region, missing = max(found, key=lambda pair: int(pair[1]))
    weights = "leave the weights in flash, " if region == "ram" and emitted.plan.program.tables_in_ram else ""
    return BudgetError(
        f"the model needs {missing} bytes more {region} than {target.title} has",
        where=target.name,
        hint=f"{weights}choose a larger board, or make the model smaller",
    )


def build_library(emitted: Emitted, *, level: Level = "O2") -> Built:
    """Compile a model for the computer that milliwatt runs on.

    Raises:
        ToolchainError: the compiler is missing or refuses the code.
    """
    tool = compiler_for(board("host").core, "clang")
    flags = (*tool.compile_flags(level), "-fPIC")
    link = [*tool.command, "-shared", "-nostdlib", f"{emitted.name}.o", "-o", f"model{_SUFFIX}"]

    def make(directory: Path) -> None:
        _write(directory, emitted)
        _compile(directory, emitted, compiler=tool, flags=flags)
        run_tool(link, directory=directory, what=f"{emitted.name}{_SUFFIX}")

    # The compiler uses all that this processor can do: the result may not serve another computer.
    machine = f"{platform.platform()} {platform.node()}"
    key = content_key("library", tool.title, flags, machine, emitted.name, emitted.header, emitted.source)
    return Built(cached(key, make) / f"model{_SUFFIX}", tool.title, level)
