# SPDX-License-Identifier: Apache-2.0
"""The inputs that models are tried on."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import DType, Graph, Quant, TensorType
from milliwatt.samples import sample_inputs

QUANTISED = TensorType(DType.INT8, (4, 16), Quant((0.5,), (-7,)))
GRAPH = Graph("inputs", {"x": QUANTISED, "f": TensorType(DType.FLOAT32, (3,))}, {}, ("x", "f"), ("x",), ())


def test_extremes_come_first_then_random_ones() -> None:
    sets = list(sample_inputs(GRAPH, samples=5, seed=1))
    ranges = [(int(x.min()), int(x.max())) for x, _ in sets]
    assert ranges[:3] == [(-7, -7), (-128, -128), (127, 127)]
    assert all(low < high for low, high in ranges[3:])
    assert all(x.dtype == np.int8 and x.shape == (4, 16) for x, _ in sets)
    assert all(f.dtype == np.float32 and f.shape == (3,) for _, f in sets)


def test_the_seed_decides() -> None:
    first, same, other = ([x for x, _ in sample_inputs(GRAPH, samples=5, seed=seed)] for seed in (1, 1, 2))
    assert all(np.array_equal(left, right) for left, right in zip(first, same, strict=True))
    assert not np.array_equal(first[4], other[4])
