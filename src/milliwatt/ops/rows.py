# SPDX-License-Identifier: Apache-2.0
"""What operators on the last dimension share: rows, and sums in the order of the C kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]


def ranks(signature: Signature) -> bool:
    """The data has at least one dimension, and its last one is not empty."""
    shape = signature.input(0).shape
    return len(shape) >= 1 and shape[-1] >= 1


def rows(data: Array) -> Array:
    """The data as [rows, depth]."""
    return data.reshape(-1, data.shape[-1])


def sequential_sum(terms: Array) -> Array:
    """Sums of the rows of float32 terms, added one by one in float32, first to last, as [rows, 1]."""
    return np.add.accumulate(terms, axis=1, dtype=np.float32)[:, -1:]
