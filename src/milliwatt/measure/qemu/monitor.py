# SPDX-License-Identifier: Apache-2.0
"""Builds the monitor: the program in front of the model that QEMU starts."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from milliwatt.measure.qemu.systems import MONITOR_BYTES, System
from milliwatt.measure.toolchain import cached, compiler_for, content_key, run_tool
from milliwatt.targets import Core

_FLAGS = ("-std=gnu99", "-Os", "-g", "-ffreestanding", "-fomit-frame-pointer", "-Wall", "-Wextra", "-Werror")


def _script(system: System) -> str:
    """Vectors first; variables and stack behind the RAM of every board."""
    top = system.ram.end
    return f"""/* SPDX-License-Identifier: Apache-2.0 */
MEMORY
{{
  code (rx) : ORIGIN = {system.code.origin:#x}, LENGTH = {MONITOR_BYTES}
  ram (rw)  : ORIGIN = {top - MONITOR_BYTES:#x}, LENGTH = {MONITOR_BYTES}
}}
ENTRY(mw_monitor)
SECTIONS
{{
  .vectors : {{ KEEP(*(.vectors)) }} > code
  .text : {{ *(.text .text.*) }} > code
  .rodata : {{ *(.rodata .rodata.*) }} > code
  .bss (NOLOAD) : {{ *(.bss .bss.* COMMON) }} > ram
  mw_stack_top = {top:#x};
  /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .comment .note* .debug*) }}
}}
"""


def build_monitor(core: Core, system: System) -> Path:
    """The monitor, compiled for a core and linked for a machine."""
    tool = compiler_for(core, "clang")
    source = resources.files("milliwatt.measure.qemu").joinpath("monitor.c").read_text("utf-8")
    script = _script(system)
    settings = (f"-DTIMER={system.timer:#x}", f"-DTRAP_UNALIGNED={int(not core.unaligned)}")
    flags = (*tool.target, *_FLAGS, *settings, *tool.link, "-Wl,-e,mw_monitor", "-T", "monitor.ld")
    command = [*tool.command, *flags, "monitor.c", "-o", "monitor.elf"]

    def make(directory: Path) -> None:
        (directory / "monitor.c").write_text(source, "utf-8", newline="\n")
        (directory / "monitor.ld").write_text(script, "utf-8", newline="\n")
        run_tool(command, directory=directory, what="monitor.c")

    return cached(content_key("qemu monitor", tool.title, flags, source, script), make) / "monitor.elf"
