# SPDX-License-Identifier: Apache-2.0
"""Weights as `mw_interleaved_f32` reads them: blocks of up to four rows, each block [depth][rows]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

WIDTH = 4


def interleaved(weights: Array, *, width: int = WIDTH) -> Array:
    """[rows, depth] as blocks of ``width`` rows, the last one with the rows that are left, flat."""
    blocks = (weights[first : first + width] for first in range(0, weights.shape[0], width))
    return np.concatenate([block.T.reshape(-1) for block in blocks])
