# SPDX-License-Identifier: Apache-2.0
"""The C that rescales accumulators gives the same as the fixed-point arithmetic of the meanings."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.lower.real_scale import two_words
from milliwatt.lower.rescale_tables import wide_mantissa
from milliwatt.ops import Rounding
from milliwatt.ops.accumulate import Rescale, requantize_wide
from milliwatt.ops.fixed_point import INT32_MAX, INT32_MIN, quantize_multiplier, requantize, requantize_real

Array = npt.NDArray[Any]

FIXED_POINT = (Rounding.SINGLE, Rounding.DOUBLE)

_SOURCE = """
#include "mw_output_s8.h"
#include "mw_requantize_real.h"
#include "mw_requantize_wide.h"
void narrow(int32_t count, const int32_t *values, int32_t mantissa, int32_t exponent, int32_t rounding, int32_t *to);
void narrow(int32_t count, const int32_t *values, int32_t mantissa, int32_t exponent, int32_t rounding, int32_t *to)
{
    int32_t i;
    for (i = 0; i < count; i++) {
        to[i] = mw_requantize(values[i], mantissa, exponent, rounding);
    }
}
void wide(int32_t count, const int64_t *values, int32_t mantissa, int32_t exponent, int32_t rounding, int32_t *to);
void wide(int32_t count, const int64_t *values, int32_t mantissa, int32_t exponent, int32_t rounding, int32_t *to)
{
    int32_t i;
    for (i = 0; i < count; i++) {
        to[i] = mw_requantize_wide(values[i], mantissa, exponent, rounding);
    }
}
void real(int32_t count, const int64_t *values, const int32_t *words, int32_t exponent, int32_t *to);
void real(int32_t count, const int64_t *values, const int32_t *words, int32_t exponent, int32_t *to)
{
    int32_t i;
    for (i = 0; i < count; i++) {
        to[i] = mw_requantize_real(values[i], words, exponent);
    }
}
void quick(int32_t count, const int32_t *values, int32_t bits, int32_t mantissa, int32_t halving, int32_t zero_point,
           int32_t rounding, int32_t rectified, int32_t *to);
void quick(int32_t count, const int32_t *values, int32_t bits, int32_t mantissa, int32_t halving, int32_t zero_point,
           int32_t rounding, int32_t rectified, int32_t *to)
{
    const struct mw_output_s8 range = {zero_point, rectified ? zero_point : -128, 127, rounding, rectified};
    int32_t i;
    for (i = 0; i < count; i++) {
        to[i] = mw_output_s8_of(&range, values[i], bits, mantissa, halving);
    }
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("requantize")
    (folder / "all.c").write_text(_SOURCE, "utf-8")
    include = Path(str(resources.files("milliwatt.runtime"))) / "include"
    command = [sys.executable, "-m", "ziglang", "cc", "-shared", "-fPIC", "-O1", f"-I{include}"]
    # Undefined behaviour of C stops the test.
    command += ["-fsanitize=undefined", "-fsanitize-trap=undefined", "all.c", "-o", "all.so"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return ctypes.CDLL(str(folder / "all.so"))


def pointer(array: Array) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def multipliers(random: np.random.Generator, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Mantissas at their limits and anywhere between, for every exponent."""
    for exponent in range(low, high + 1):
        yield 1 << 30, exponent
        yield INT32_MAX, exponent
        for _ in range(8):
            yield int(random.integers(1 << 30, 1 << 31)), exponent
    yield 0, 0


def accumulators(random: np.random.Generator, bits: int, exponent: int, count: int) -> Array:
    """Values of every magnitude, around zero, and around the ties of the last rounding."""
    magnitudes = random.integers(0, bits + 1, count)
    values = random.integers(-1, 2, count) + random.choice([-1, 1], count) * (
        1 << magnitudes.astype(np.int64)
    )
    values[: count // 4] = random.integers(-(1 << bits), 1 << bits, count // 4)
    ties = random.integers(-200, 200, count // 4) * (1 << min(40, max(0, -exponent))) // 2
    values[count // 4 : count // 4 * 2] = ties + random.integers(-2, 3, count // 4)
    return np.clip(values, -(1 << bits), (1 << bits) - 1)


@pytest.mark.parametrize("rounding", FIXED_POINT)
def test_32_bit_accumulators(library: ctypes.CDLL, rounding: Rounding) -> None:
    random = np.random.default_rng(int(rounding))
    for mantissa, exponent in multipliers(random, -31, 30):
        values = accumulators(random, 31, exponent, 1000).astype(np.int32)
        found = np.zeros(len(values), np.int32)
        library.narrow(len(values), pointer(values), mantissa, exponent, int(rounding), pointer(found))
        expected = requantize(values, mantissa, exponent, rounding)
        np.testing.assert_array_equal(
            found, np.clip(expected, INT32_MIN, INT32_MAX), f"{mantissa} {exponent}"
        )


@pytest.mark.parametrize("rounding", FIXED_POINT)
def test_64_bit_accumulators(library: ctypes.CDLL, rounding: Rounding) -> None:
    random = np.random.default_rng(int(rounding))
    for mantissa, exponent in multipliers(random, -31, 14):
        values = accumulators(random, 62, exponent, 1000).astype(np.int64)
        found = np.zeros(len(values), np.int32)
        table = int(wide_mantissa(np.array([mantissa], np.int32), rounding)[0])
        library.wide(len(values), pointer(values), table, exponent, int(rounding), pointer(found))
        expected = requantize_wide(values, np.array(mantissa), np.array(exponent), rounding)
        np.testing.assert_array_equal(found, expected, f"{mantissa} {exponent}")


@pytest.mark.parametrize("rectified", [0, 1])
@pytest.mark.parametrize("rounding", FIXED_POINT)
def test_short_rescaling(library: ctypes.CDLL, rounding: Rounding, rectified: int) -> None:
    """Exact for accumulators below 2**30 and halvings of 0 to 22, as lowering demands."""
    random = np.random.default_rng(int(rounding))
    less = 1 if rounding is Rounding.DOUBLE else 2
    for mantissa, exponent in multipliers(random, -22 - less, -less):
        for bits in (0, 1, 8):
            zero_point = int(random.choice([-128, 127, random.integers(-128, 128)]))
            values = accumulators(random, min(30, 31 - bits), exponent, 400)
            values = values[np.abs(values) < 1 << 30]
            scaled = (values << bits).astype(np.int32)
            found = np.zeros(len(values), np.int32)
            halving = -exponent - less if mantissa else 1
            library.quick(
                len(values), pointer(scaled), bits, mantissa, halving, zero_point, int(rounding), rectified,
                pointer(found),
            )  # fmt: skip
            plain = requantize(values, mantissa, exponent, rounding) + zero_point
            expected = np.clip(plain, zero_point if rectified else -128, 127)
            np.testing.assert_array_equal(found, expected, f"{mantissa} {exponent} {bits} {zero_point}")


def real_constants(scale: float) -> Rescale:
    mantissa, exponent = quantize_multiplier(scale)
    return Rescale(
        np.array([mantissa], np.int32), np.array([exponent], np.int32), 0, 0, -128, 127, Rounding.REAL,
        np.array([scale]),
    )  # fmt: skip


@pytest.mark.parametrize("bits", [31, 47])
def test_products_in_double_precision(library: ctypes.CDLL, bits: int) -> None:
    """Scales of one over small integers, whose ties are exact in double precision only, and any others."""
    random = np.random.default_rng(bits)
    scales = [2.0**power / number for power in (-30, -12, -3, 0, 9) for number in (1, 3, 5, 7, 22, 255)]
    scales += [
        *(2.0 ** random.uniform(-45, 25, 40)),
        *(1 / np.float32(2.0 ** random.uniform(0, 24, 40)).astype(float)),
    ]
    for scale in scales:
        words, exponents = two_words(real_constants(scale))
        exponent = int(exponents[0])
        values = accumulators(random, bits, exponent, 800).astype(np.int64)
        halves = np.rint((random.integers(-300, 300, 800) + 0.5) / scale) + random.integers(-1, 2, 800)
        near = np.clip(halves, -(2**bits), 2**bits - 1).astype(np.int64)
        values = np.concatenate([values, near])
        found = np.zeros(len(values), np.int32)
        library.real(len(values), pointer(values), pointer(words), exponent, pointer(found))
        expected = np.maximum(requantize_real(values, scale), -INT32_MAX)
        np.testing.assert_array_equal(found, expected, f"{scale}")
