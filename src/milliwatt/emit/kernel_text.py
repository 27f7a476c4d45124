# SPDX-License-Identifier: Apache-2.0
"""Reads the hand-written kernels: their text, what they include, and the fields of their parameters."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources

from milliwatt.errors import InternalError

_INCLUDE = re.compile(r'^#include "(\w+)\.h"$', re.MULTILINE)
_FIELD = re.compile(r"^\s*(int32_t|float) (\w+);", re.MULTILINE)


@dataclass(frozen=True)
class KernelFile:
    """One file of runtime/include or runtime/kernels.

    Attributes:
        stem: its name without .h.
        body: its text without licence line, include guard and project includes.
        includes: stems of the files it includes.
        fields: names of its parameter struct's fields in order; empty for a file that is no kernel.
        types: the C type of each field.
        parameters: the C parameters of the kernel function behind the params pointer, as written.
    """

    stem: str
    body: str
    includes: tuple[str, ...]
    fields: tuple[str, ...]
    types: tuple[str, ...]
    parameters: tuple[str, ...]


@functools.cache
def kernel_file(stem: str) -> KernelFile:
    """The parsed file of that stem.

    Raises:
        InternalError: there is no such file.
    """
    runtime = resources.files("milliwatt.runtime")
    for folder in ("kernels", "include"):
        path = runtime / folder / f"{stem}.h"
        if path.is_file():
            return _parse(stem, path.read_text(encoding="utf-8"))
    raise InternalError(f"there is no kernel file {stem}.h")


def _parse(stem: str, text: str) -> KernelFile:
    struct = re.search(rf"^struct {stem}_params {{\n(.*?)^}};", text, re.MULTILINE | re.DOTALL)
    fields = _FIELD.findall(struct.group(1)) if struct else []
    function = re.search(rf"^MW_KERNEL void {stem}\((.*?)\)\n", text, re.MULTILINE | re.DOTALL)
    parameters = [" ".join(part.split()) for part in function.group(1).split(",")] if function else []
    return KernelFile(
        stem=stem,
        body=_strip(stem, text),
        includes=tuple(_INCLUDE.findall(text)),
        fields=tuple(name for _, name in fields),
        types=tuple(kind for kind, _ in fields),
        parameters=tuple(parameters[1:]),
    )


def _strip(stem: str, text: str) -> str:
    guard = f"{stem.upper()}_H"
    lines = [
        line
        for line in text.splitlines()
        if line not in (f"#ifndef {guard}", f"#define {guard}")
        and not line.startswith(("#include ", "/* SPDX-"))
    ]
    while lines and not lines[-1]:
        lines.pop()
    if not lines or lines[-1] != "#endif":
        raise InternalError(f"{stem}.h does not end with the #endif of its include guard")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines[:-1]).strip()) + "\n"


def closure(stems: list[str]) -> list[KernelFile]:
    """The files with all that they include, each once, every one behind what it includes."""
    ordered: dict[str, KernelFile] = {}

    def visit(stem: str) -> None:
        if stem not in ordered:
            file = kernel_file(stem)
            for included in file.includes:
                visit(included)
            ordered[stem] = file

    for stem in stems:
        visit(stem)
    return list(ordered.values())
