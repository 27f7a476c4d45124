# SPDX-License-Identifier: Apache-2.0
"""The C of gemmlowp's int16 functions gives the same as their NumPy form for every argument."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from milliwatt.ops import gemmlowp_16

_SOURCE = """
#include "mw_gemmlowp_16.h"
void squash_all(int16_t *results, int32_t bits, int32_t is_tanh);
void squash_all(int16_t *results, int32_t bits, int32_t is_tanh)
{
    int32_t i;
    for (i = -32768; i < 32768; i++) {
        results[i + 32768] = (int16_t)mw_squash_16(i, bits, is_tanh);
    }
}
"""
_ARGUMENTS = np.arange(-32768, 32768, dtype=np.int64)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("gemmlowp")
    (folder / "all.c").write_text(_SOURCE, "utf-8")
    include = Path(str(resources.files("milliwatt.runtime"))) / "include"
    flags = ["-shared", "-fPIC", "-O2", "-fno-sanitize=all", f"-I{include}"]
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        *flags,
        str(folder / "all.c"),
        "-o",
        str(folder / "all.so"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return ctypes.CDLL(str(folder / "all.so"))


@pytest.mark.parametrize("bits", range(7))
def test_tanh(library: ctypes.CDLL, bits: int) -> None:
    results = np.zeros(65536, np.int16)
    library.squash_all(results.ctypes.data_as(ctypes.c_void_p), bits, 1)
    np.testing.assert_array_equal(results, gemmlowp_16.tanh(_ARGUMENTS, integer_bits=bits))


@pytest.mark.parametrize("bits", range(7))
def test_logistic(library: ctypes.CDLL, bits: int) -> None:
    results = np.zeros(65536, np.int16)
    library.squash_all(results.ctypes.data_as(ctypes.c_void_p), bits, 0)
    np.testing.assert_array_equal(results, gemmlowp_16.logistic(_ARGUMENTS, integer_bits=bits))
