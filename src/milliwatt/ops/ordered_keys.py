# SPDX-License-Identifier: Apache-2.0
"""Numbers as int32 keys of the same order, so that trees compare integers without any loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LOWEST, HIGHEST = -(2**31), 2**31 - 1


def ordered_keys(numbers: Array) -> Array:
    """int32 keys: integers as they are; float32 by their bits, negative ones with all bits but the sign inverted.

    The order of floats is the total order of IEEE 754: -NaN, -inf, ..., -0, +0, ..., +inf, NaN.

    Args:
        numbers: float32, or integers of at most 32 bits, of any shape.
    """
    if numbers.dtype != np.float32:
        return numbers.astype(np.int32)
    bits = np.ascontiguousarray(numbers).view(np.int32)
    keys: Array = bits ^ ((bits >> 31) & np.int32(HIGHEST))
    return keys.reshape(numbers.shape)
