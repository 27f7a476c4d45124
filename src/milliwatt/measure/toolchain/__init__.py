# SPDX-License-Identifier: Apache-2.0
"""Compilers, from pip: emitted C in, ELF files and libraries out, kept in a cache."""

from milliwatt.measure.toolchain.build import Built, build_elf, build_library, memories
from milliwatt.measure.toolchain.cache import cache_directory, cached, content_key
from milliwatt.measure.toolchain.compilers import (
    Compiler,
    CompilerName,
    Level,
    compiler_for,
    has_gcc,
    run_tool,
)

__all__ = [
    "Built",
    "Compiler",
    "CompilerName",
    "Level",
    "build_elf",
    "build_library",
    "cache_directory",
    "cached",
    "compiler_for",
    "content_key",
    "has_gcc",
    "memories",
    "run_tool",
]
