# SPDX-License-Identifier: Apache-2.0
"""Generators of assembly for kernels whose inner loops compilers spill, found by walking this package.

A module named like a kernel without its ``mw_`` (``pointwise_s8_m4`` for ``mw_pointwise_s8_m4``) has
``body(params)``: the assembly of a whole function, prologue and epilogue included, for one set of constants.
Arguments come as the procedure call standard says (r0 to r3, then the stack), without the params pointer that
the kernel's C form takes first. The C form, in runtime/kernels, works on the same tables and scratch; it is
what other cores run and what the assembly is tested against.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import cast

Params = Mapping[str, int | float]
Body = Callable[[Params], str]

# Armv7E-M with single-precision FPU: Thumb-2, DSP instructions, S registers to keep constants in.
GUARD = "defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__ARM_FP)"

_LONGEST_STRING = 3900

_IF_THEN = re.compile(r"i(t[te]{0,3}) ")


@functools.cache
def generator(kernel: str) -> Body | None:
    """The function that writes the assembly of a kernel; None when it has no assembly form."""
    name = f"{__name__}.{kernel.removeprefix('mw_')}"
    if importlib.util.find_spec(name) is None:
        return None
    return cast(Body, importlib.import_module(name).body)


def function_text(name: str, declared: tuple[str, ...], body: str) -> str:
    """A naked C function around assembly; one string literal a line.

    The lines are spread over several statements, which keep their order: C99 need not take strings longer than
    4095 characters.
    """
    parameters = ", ".join(f"{parameter} MW_UNUSED" for parameter in declared) or "void"
    statements = "".join(
        "    __asm__ volatile(\n" + "\n".join(f'        "{line}\\n"' for line in part) + "\n    );\n"
        for part in _parts(body.strip("\n").splitlines())
    )
    return f"MW_NAKED void {name}({parameters})\n{{\n{statements}}}\n"


def _parts(lines: list[str]) -> list[list[str]]:
    """Lines whose strings are short enough; the instructions of an IT block stay together."""
    parts: list[list[str]] = [[]]
    length, conditional = 0, 0
    for line in lines:
        length += len(line) + 1
        if length > _LONGEST_STRING and not conditional:
            parts.append([])
            length = len(line) + 1
        parts[-1].append(line)
        opens = _IF_THEN.match(line)
        conditional = len(opens.group(1)) if opens else max(0, conditional - 1)
    return parts
