# SPDX-License-Identifier: Apache-2.0
"""Random graphs over all operators: LiteRT, meaning, passes, host C and emulated C agree on every byte.

The default run takes a slice; `make test-long` thousands. A seed that failed once stays in REGRESSIONS.
"""

from __future__ import annotations

import pytest

from milliwatt.ops import Numerics
from milliwatt.testing.differential import compare
from milliwatt.testing.random_graphs import random_graph
from milliwatt.testing.recipe import recipes

# Seeds of graphs on which two implementations once disagreed, with what was wrong.
REGRESSIONS = {
    10056: "CAST results carried no scale",
    20155: "the lowest integer over -1 is undefined in LiteRT",
}

DEVICES = ("nucleo-l4r5zi",)
ALL_CORES = (
    "nucleo-g0b1re",
    "nucleo-f207zg",
    "nucleo-l4r5zi",
    "nucleo-h7a3zi-q",
    "nucleo-u575zi-q",
    "esp32-c3-devkitm-1",
)


@pytest.mark.parametrize("seed", [*range(40), *REGRESSIONS])
def test_host_agrees(seed: int) -> None:
    compare(random_graph(seed), seed=seed)


@pytest.mark.parametrize("seed", range(10))
def test_emulated_cortex_m4_agrees(seed: int) -> None:
    compare(random_graph(1000 + seed), seed=seed, boards=DEVICES, implementations=("litert", "emulator"))


@pytest.mark.parametrize("seed", range(8))
def test_sanitizers_find_nothing(seed: int) -> None:
    compare(random_graph(5000 + seed), seed=seed, implementations=("sanitized",))


@pytest.mark.parametrize("board", ALL_CORES)
def test_every_emulated_core_agrees(board: str) -> None:
    for seed in range(2):
        compare(random_graph(2000 + seed), seed=seed, boards=(board,), implementations=("emulator",))


@pytest.mark.parametrize("numerics", [Numerics.TFLM, Numerics.FAST])
@pytest.mark.parametrize("seed", range(5))
def test_other_contracts_agree(seed: int, numerics: Numerics) -> None:
    compare(random_graph(3000 + seed), seed=seed, numerics=numerics)


@pytest.mark.parametrize("optimize", ["speed", "ram", "flash"])
@pytest.mark.parametrize("seed", range(3))
def test_every_goal_agrees(seed: int, optimize: str) -> None:
    compare(random_graph(4000 + seed), seed=seed, optimize=optimize)


@pytest.mark.long
@pytest.mark.parametrize("op", sorted(recipes()))
def test_many_graphs_of_each_operator(op: str) -> None:
    for seed in range(30):
        compare(random_graph(seed, ops=[op], largest=2), seed=seed)


@pytest.mark.long
@pytest.mark.parametrize("block", range(40))
def test_thousands_of_graphs(block: int) -> None:
    for seed in range(10_000 + 50 * block, 10_050 + 50 * block):
        compare(random_graph(seed), seed=seed, implementations=("litert", "host", "emulator"))


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_sanitizers_find_nothing_in_many_graphs(block: int) -> None:
    for seed in range(20_000 + 50 * block, 20_050 + 50 * block):
        compare(random_graph(seed), seed=seed, implementations=("sanitized",))
