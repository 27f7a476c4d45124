# SPDX-License-Identifier: Apache-2.0
"""The compilers: clang from the PyPI package ziglang, and a GNU cross compiler when one is installed."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from milliwatt.errors import ToolchainError
from milliwatt.targets import Core

CompilerName = Literal["clang", "gcc"]
Level = Literal["O3", "O2", "Os", "Oz"]

WARNINGS = (
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Wcast-qual",
    "-Wundef",
    "-Werror",
)
_LANGUAGE = (
    "-std=c99",
    "-g0",
    "-ffreestanding",
    "-fomit-frame-pointer",
    "-ffunction-sections",
    "-fdata-sections",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
)
_GNU_ARM = "arm-none-eabi-gcc"


@dataclass(frozen=True)
class Compiler:
    """A compiler set up for one core.

    Attributes:
        title: name and version, for reports and for the key of the cache.
        command: how it is started.
        target: flags that choose the core.
        link: flags of linking alone.
        block_flags: flags with which the block functions (memcpy, …) are compiled, for a compiler whose
            run-time library lacks them; empty when it has them.
    """

    title: str
    command: tuple[str, ...]
    target: tuple[str, ...]
    link: tuple[str, ...]
    block_flags: tuple[str, ...] = ()

    def compile_flags(self, level: Level) -> tuple[str, ...]:
        """All flags with which emitted C is compiled."""
        return (*self.target, f"-{level}", *_LANGUAGE, *WARNINGS)


@cache
def _zig() -> tuple[str, str]:
    """Path and version of the zig program."""
    try:
        import ziglang
    except ImportError as error:
        raise ToolchainError(
            "the C compiler is missing", hint="install it with `pip install ziglang`"
        ) from error
    program = Path(str(ziglang.__file__)).parent / ("zig.exe" if sys.platform == "win32" else "zig")
    return str(program), importlib.metadata.version("ziglang")


@cache
def _gnu_arm() -> tuple[str, str] | None:
    """Path and version of the GNU cross compiler for Arm, when it is installed."""
    program = shutil.which(_GNU_ARM)
    if program is None:
        return None
    answer = subprocess.run([program, "-dumpfullversion"], capture_output=True, text=True, check=False)
    return program, answer.stdout.strip()


def has_gcc(core: Core) -> bool:
    """Whether a GNU cross compiler for this core is installed."""
    return bool(core.gcc) and _gnu_arm() is not None


def compiler_for(core: Core, name: CompilerName) -> Compiler:
    """A compiler set up for a core.

    Raises:
        ToolchainError: it is not installed, or does not serve this core.
    """
    if name == "clang":
        program, version = _zig()
        return Compiler(
            title=f"clang (ziglang {version})",
            command=(program, "cc"),
            target=core.clang,
            link=("-rtlib=compiler-rt",),
        )
    if not core.gcc:
        raise ToolchainError(
            f"no gcc is known for {core.title}", hint="use clang, which needs no installation"
        )
    found = _gnu_arm()
    if found is None:
        raise ToolchainError(f"{_GNU_ARM} is not installed", hint="install it, or use clang")
    return Compiler(
        title=f"{_GNU_ARM} {found[1]}",
        command=(found[0],),
        target=core.gcc,
        link=("-nostdlib",),
        # Without the first, gcc would make a loop that copies into a call of the function that it is in.
        block_flags=("-fno-tree-loop-distribute-patterns", *core.gcc, "-O2", *_LANGUAGE, *WARNINGS),
    )


def run_tool(command: Sequence[str], *, directory: Path, what: str) -> None:
    """Run a tool in a folder.

    Raises:
        ToolchainError: it failed; the error holds the tool's own message.
    """
    try:
        answer = subprocess.run(
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=_environment(),
        )
    except OSError as error:
        raise ToolchainError(f"{Path(command[0]).name} cannot be started: {error}", where=what) from error
    if answer.returncode != 0:
        message = "\n".join((answer.stderr or answer.stdout).strip().splitlines()[:30])
        raise ToolchainError(f"{Path(command[0]).name} failed on {what}:\n{message}", where=what)


def _environment() -> dict[str, str]:
    """The environment without what would change a compiler's result."""
    dropped = ("CPATH", "C_INCLUDE_PATH", "CFLAGS", "LDFLAGS", "LIBRARY_PATH", "SOURCE_DATE_EPOCH")
    return {name: value for name, value in os.environ.items() if name not in dropped}
