# SPDX-License-Identifier: Apache-2.0
"""The natural logarithm of float32 in integers: the twin of ``mw_log`` in runtime/include/mw_log.h.

An integer operator whose reference kernel takes a float logarithm (LOG_SOFTMAX) is defined by this one, so
that its meaning and its C agree on every byte. Within 0.51 ulp of the exact logarithm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LN2 = 49946518145322874
"""log(2) in steps of 2**-56."""

COEFFICIENTS = (
    -1073741824, 715827882, -536871036, 429496845, -357901056, 306771322,
    -268923109, 239065516, -206516100, 187525815, -241011432, 223205336,
)  # fmt: skip
"""(log(1 + f) - f) / f**2 on -1/3..1/3 as a polynomial in f, constant first, in steps of 2**-31.

Interpolates at the Chebyshev nodes; it is off by less than 2**-32.8."""


def fixed_log(values: Array) -> Array:
    """The natural logarithm of positive, finite, normal float32 values, as float32."""
    bits = values.astype(np.float32).view(np.uint32).astype(np.int64)
    exponent, mantissa = (bits >> 23) - 127, bits & 0x7FFFFF
    # value = 2**exponent * (1 + fraction) with fraction in -1/3..1/3, in steps of 2**-24.
    above = mantissa >= 0x2AAAAB
    fraction = np.where(above, mantissa - (1 << 23), mantissa << 1)
    exponent = exponent + above
    scaled = fraction << 8
    polynomial = np.full_like(fraction, COEFFICIENTS[-1])
    for coefficient in COEFFICIENTS[-2::-1]:
        polynomial = coefficient + ((scaled * polynomial) >> 32)
    product = fraction * ((1 << 33) + ((scaled * polynomial) >> 30))
    return _rounded(exponent * LN2 + (product >> 1))


def _rounded(fixed: Array) -> Array:
    """Integers in steps of 2**-56, below 2**63, rounded once to float32."""
    # NumPy converts int64 to float32 with one rounding to nearest, ties to even; the power of two is exact.
    result: Array = fixed.astype(np.float32) * np.float32(2.0**-56)
    return result
