# SPDX-License-Identifier: Apache-2.0
"""The linker script of a measured build: the model alone, without startup code, in the board's memories."""

from __future__ import annotations

from collections.abc import Sequence

from milliwatt.targets import Region


def linker_script(*, flash: Region, ram: Region, keep: Sequence[str]) -> str:
    """A script that places code and constants in flash and variables at the start of RAM.

    Args:
        flash, ram: the board's memories.
        keep: the functions that the firmware calls; all that they do not need is dropped. The first is
            the entry.
    """
    kept = "\n".join(f"    KEEP(*(.text.{name}))" for name in keep)
    return f"""/* SPDX-License-Identifier: Apache-2.0 */
MEMORY
{{
  flash (rx) : ORIGIN = {flash.origin:#x}, LENGTH = {flash.bytes}
  ram (rw)   : ORIGIN = {ram.origin:#x}, LENGTH = {ram.bytes}
}}
ENTRY({keep[0]})
SECTIONS
{{
  .text :
  {{
{kept}
    *(.text .text.*)
  }} > flash
  .rodata : {{ *(.rodata .rodata.* .srodata .srodata.*) }} > flash
  .data : {{ *(.data .data.* .sdata .sdata.*) }} > ram AT> flash
  .bss (NOLOAD) : {{ *(.bss .bss.* .sbss .sbss.* COMMON) }} > ram
  /DISCARD/ : {{ *(.ARM.exidx* .ARM.extab* .eh_frame* .comment .note* .debug*) }}
}}
"""
