# SPDX-License-Identifier: Apache-2.0
"""Emitted C under other compilers and languages: C99 and C++11, clang and GCC, every warning an error."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from milliwatt.emit.emitted import Emitted
from milliwatt.pipeline import Options, compile_graph, load
from milliwatt.targets import board

ROOT = Path(__file__).resolve().parents[2]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-qual", "-Wundef", "-Werror"]
CLANG = [sys.executable, "-m", "ziglang"]
COMMANDS = {
    "clang c99": [*CLANG, "cc", "-std=c99"],
    "clang c++11": [*CLANG, "c++", "-std=c++11", "-x", "c++"],
    "gcc c99": ["gcc", "-std=c99"],
    "gcc c++11": ["g++", "-std=c++11", "-x", "c++"],
    "arm gcc c99": ["arm-none-eabi-gcc", "-std=c99", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard"],
    "arm gcc m0+": ["arm-none-eabi-gcc", "-std=c99", "-mcpu=cortex-m0plus", "-mthumb"],
}
MODELS = sorted((ROOT / "examples").glob("*/*.tflite"))


def emitted(model: Path, optimize: str) -> Emitted:
    """The C of one of the shipped models for a core with DSP instructions."""
    options = Options(board=board("nucleo-l4r5zi"), optimize=optimize, name="example")
    return compile_graph(load(model), options).emitted


@pytest.mark.parametrize("optimize", ["balanced", "flash"])
@pytest.mark.parametrize("compiler", COMMANDS)
@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_no_warnings(model: Path, compiler: str, optimize: str, tmp_path: Path) -> None:
    command = COMMANDS[compiler]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    result = emitted(model, optimize)
    (tmp_path / "example.h").write_text(result.header)
    (tmp_path / "example.c").write_text(result.source)
    arguments = [
        *command,
        "-O2",
        *WARNINGS,
        "-c",
        str(tmp_path / "example.c"),
        "-o",
        str(tmp_path / "example.o"),
    ]
    finished = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_rules_of_the_house(model: Path) -> None:
    """No libc, no allocation, no mutable statics, no globals without the prefix, only two includes."""
    result = emitted(model, "balanced")
    assert set(re.findall(r"#include (\S+)", result.header)) == {"<stddef.h>", "<stdint.h>"}
    assert set(re.findall(r"#include (\S+)", result.source)) <= {'"example.h"', "<arm_acle.h>"}
    assert not re.search(r"\b(malloc|free|printf|memcpy|memset|assert|abort)\s*\(", result.source)
    for line in result.source.splitlines():
        if line.startswith("static ") and ("=" in line or line.endswith(";")):
            assert line.startswith("static const "), line
    public = re.findall(r"^(?!static|MW_)\w[\w *]*?\b(\w+)\([^;]*\)$", result.source, re.MULTILINE)
    assert all(name.startswith("example_") for name in public), public
