# SPDX-License-Identifier: Apache-2.0
"""Convolutions of one window per image as matrices times rows: on the emulated board, and in C here."""

from __future__ import annotations

import numpy as np
import pytest
from tests.lower.convolutions import Convolution, convolutions

from milliwatt.ir import Graph
from milliwatt.lower.lowering import lower
from milliwatt.lower.matrix_layer import covering_taps
from milliwatt.ops import Numerics
from milliwatt.ops.window import axis
from milliwatt.targets import board
from milliwatt.testing.differential import compare

M4 = board("nucleo-l4r5zi")

CASES = {
    "pixel": Convolution((1, 1, 32), 16),
    "pixel, signed": Convolution((1, 1, 64), 11, zero=(3, 7), activation="NONE"),
    "pixel, clamped": Convolution((1, 1, 16), 8, zero=(-5, 0), activation="RELU_N1_TO_1"),
    "column": Convolution((5, 1, 12), 9, window=(5, 1), padding="VALID"),
    "image": Convolution((3, 4, 8), 10, window=(3, 4), padding="VALID", zero=(9, -4), activation="NONE"),
    "mostly padding": Convolution((1, 1, 24), 8, window=(3, 3), zero=(40, -128)),
    "padding at two sides": Convolution((2, 2, 8), 8, window=(4, 4), stride=(3, 3), zero=(-7, 3)),
    "depth of no whole word": Convolution((1, 3, 5), 7, window=(1, 3), padding="VALID"),
}


@pytest.mark.parametrize("numerics", Numerics, ids=lambda numerics: numerics.value)
@pytest.mark.parametrize("optimize", ["speed", "ram"])
def test_equals_the_meaning(numerics: Numerics, optimize: str) -> None:
    graph = convolutions(CASES)
    implementations = ("host", "emulator")
    compare(graph, numerics=numerics, boards=(M4.name,), implementations=implementations, optimize=optimize)


def test_equals_litert() -> None:
    compare(convolutions(CASES, seed=1), samples=3, boards=(M4.name,), implementations=("litert", "host"))


def kernels(graph: Graph) -> list[str]:
    """The kernels of a graph's layers."""
    return [call.kernel for call in lower(graph, core=M4.core, numerics=Numerics.LITERT).calls]


def test_one_window_is_a_matrix() -> None:
    assert kernels(convolutions(CASES)) == ["mw_fully_connected_s8_m4"] * len(CASES)


def test_smallest_code_takes_the_c_form() -> None:
    whole = {name: case for name, case in CASES.items() if np.prod(case.size) % 4 == 0}
    graph = convolutions(whole)
    calls = lower(graph, core=M4.core, numerics=Numerics.LITERT, optimize="flash").calls
    assert [call.kernel for call in calls] == ["mw_fully_connected_s8_dsp"] * len(whole)
    compare(graph, boards=(M4.name,), implementations=("host", "emulator"), optimize="flash")


def test_other_convolutions_are_none() -> None:
    others = {
        "two pixels": Convolution((1, 2, 16), 8),
        "a part of the input": Convolution((3, 1, 16), 8, window=(2, 1), stride=(2, 1), padding="VALID"),
    }
    assert "mw_fully_connected_s8_m4" not in kernels(convolutions(others))


@pytest.mark.parametrize(
    ("size", "window", "stride", "dilation", "padding", "taps"),
    [
        (3, 3, 1, 1, "VALID", slice(0, 3)),
        (1, 3, 1, 1, "SAME", slice(1, 2)),
        (2, 4, 3, 1, "SAME", slice(1, 3)),
        (4, 3, 2, 1, "VALID", None),
        (5, 3, 3, 2, "VALID", None),
        (1, 1, 2, 7, "VALID", slice(0, 1)),
        (4, 1, 4, 1, "VALID", None),
        (3, 3, 1, 1, "SAME", None),
    ],
)
def test_covering_taps(
    size: int, window: int, stride: int, dilation: int, padding: str, taps: slice | None
) -> None:
    found = axis(size, window, stride=stride, dilation=dilation, padding=padding)
    assert covering_taps(found) == taps
