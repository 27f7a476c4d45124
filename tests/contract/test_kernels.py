# SPDX-License-Identifier: Apache-2.0
"""What every hand-written kernel must keep: its file's form, and clean C in both languages and compilers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from milliwatt.emit.kernel_text import closure, kernel_file

RUNTIME = Path(str(resources.files("milliwatt.runtime")))
KERNELS = sorted(path.stem for path in (RUNTIME / "kernels").glob("*.h"))
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wcast-qual", "-Wundef", "-Werror"]
LIBC = re.compile(r"\b(malloc|free|memcpy|memset|printf|assert|abort|expf|logf|sqrtf|tanhf)\s*\(")


@pytest.mark.parametrize("stem", KERNELS)
def test_kernel_has_the_house_form(stem: str) -> None:
    text = (RUNTIME / "kernels" / f"{stem}.h").read_text("utf-8")
    file = kernel_file(stem)
    assert file.fields, f"{stem} has no struct {stem}_params that the emitter can read"
    assert f"MW_KERNEL void {stem}(const struct {stem}_params *p" in " ".join(text.split())
    assert not LIBC.search(text), f"{stem} calls the C library"
    assert "static int" not in text
    assert "restrict" not in text


def compilers() -> list[list[str]]:
    """Compilers that are there: the one that the package brings, and the system's GCC."""
    found = [[sys.executable, "-m", "ziglang", "cc"], [sys.executable, "-m", "ziglang", "c++"]]
    found += [[tool] for tool in ("gcc", "g++", "arm-none-eabi-gcc") if shutil.which(tool)]
    return found


@pytest.mark.parametrize("compiler", compilers(), ids=lambda command: command[-1])
def test_kernels_compile_cleanly(compiler: list[str], tmp_path: Path) -> None:
    """All kernels in one file, unspecialised, as C99 and as C++11."""
    cpp = compiler[-1].endswith("++")
    source = tmp_path / ("kernels.cpp" if cpp else "kernels.c")
    bodies = [file.body for file in closure(["mw_base", *KERNELS])]
    source.write_text(
        "#define MW_KERNEL MW_INLINE\n" + "#include <stddef.h>\n#include <stdint.h>\n" + "\n".join(bodies)
    )
    standard = "-std=c++11" if cpp else "-std=c99"
    command = [*compiler, standard, "-O1", *WARNINGS, "-c", str(source), "-o", str(tmp_path / "kernels.o")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
