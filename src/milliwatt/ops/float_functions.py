# SPDX-License-Identifier: Apache-2.0
"""Elementary functions of float32 arrays, computed in float64 and rounded once.

The results are the correctly rounded ones but for cases of a chance of about 2**-28 each, so they are
the same on every machine, which neither a C library's nor NumPy's float32 functions are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def exp(values: Array) -> Array:
    """e to the power of each value."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.exp(values.astype(np.float64)).astype(np.float32)


def expm1(values: Array) -> Array:
    """e to the power of each value, minus one."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return np.expm1(values.astype(np.float64)).astype(np.float32)


def log(values: Array) -> Array:
    """The natural logarithm; -inf for zero, NaN below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(values.astype(np.float64)).astype(np.float32)


def tanh(values: Array) -> Array:
    """The hyperbolic tangent."""
    with np.errstate(under="ignore", invalid="ignore"):
        return np.tanh(values.astype(np.float64)).astype(np.float32)


def erfc(values: Array) -> Array:
    """The complementary error function."""
    flat = values.astype(np.float64).reshape(-1)
    with np.errstate(under="ignore"):
        results = np.fromiter(map(math.erfc, flat.tolist()), np.float64, flat.size).astype(np.float32)
    return results.reshape(values.shape)


def erf(values: Array) -> Array:
    """The error function."""
    flat = values.astype(np.float64).reshape(-1)
    results = np.fromiter(map(math.erf, flat.tolist()), np.float64, flat.size).astype(np.float32)
    return results.reshape(values.shape)


def sqrt(values: Array) -> Array:
    """The square root, correctly rounded; NaN below zero."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(values.astype(np.float32))


def logistic(values: Array) -> Array:
    """1 / (1 + exp(-value)), each operation rounded to float32 as in TFLite's reference kernel."""
    one = np.float32(1)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return (one / (one + exp(-values.astype(np.float32)))).astype(np.float32)


def round_half_away(values: Array) -> Array:
    """C's round(): to nearest, ties away from zero, in the array's own float type."""
    whole = np.trunc(values)
    with np.errstate(invalid="ignore"):
        rest = values - whole
    result: Array = whole + (rest >= 0.5) - (rest <= -0.5)
    return result.astype(values.dtype)


def saturate(values: Array, low: int, high: int) -> Array:
    """Float values as int64, limited to low..high (of at most 32 bits); NaN becomes ``low``."""
    limited = np.clip(np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low), low, high)
    return limited.astype(np.int64)
