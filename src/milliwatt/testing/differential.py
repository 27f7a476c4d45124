# SPDX-License-Identifier: Apache-2.0
"""The differential test: LiteRT, meaning, host C and emulated C must agree on every output byte.

Integers are compared for equality; floats within the bound that each operator states (in ulp of the output).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Difference:
    """The first element that differs: in which implementation, output and element, and both values."""

    implementation: str
    output: str
    element: tuple[int, ...]
    expected: float
    got: float


def first_difference(implementation: str, names: Sequence[str], expected: Sequence[Array], got: Sequence[Array],
                     *, float_tolerance: float = 0.0) -> Difference | None:
    """The first differing element of the outputs, or None.

    Args:
        implementation: whose results ``got`` are.
        names: the outputs' names.
        expected, got: arrays of equal shapes.
        float_tolerance: largest |got - expected| / max(1, |expected|) of float outputs. Integers must be equal.
    """
    for name, left, right in zip(names, expected, got, strict=True):
        if left.dtype.kind == "f":
            left64, right64 = left.astype(np.float64), right.astype(np.float64)
            with np.errstate(invalid="ignore"):
                wide = np.abs(left64 - right64) > float_tolerance * np.maximum(1.0, np.abs(left64))
            wrong = (wide | (np.isnan(left64) != np.isnan(right64))) & (left64 != right64)
            wrong &= ~(np.isnan(left64) & np.isnan(right64))
        else:
            wrong = left != right
        if wrong.any():
            element = tuple(int(index) for index in np.argwhere(wrong)[0]) if wrong.ndim else ()
            return Difference(implementation, name, element, float(left[element]), float(right[element]))
    return None
