# SPDX-License-Identifier: Apache-2.0
"""The MLPerf Tiny networks: what is reached is the lower bound, with and without overlaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plan.model_programs import one_call_per_node

from milliwatt.importers import load
from milliwatt.lower.lowering import lower
from milliwatt.ops import Numerics
from milliwatt.passes import optimise
from milliwatt.plan import lower_bound, plan
from milliwatt.targets.core_registry import core

IN_PLACE = frozenset({"ADD", "DEPTHWISE_CONV_2D", "CONV_2D", "SOFTMAX"})

ARENAS = {
    # Bytes of activations without and with overlaps.
    "ad_int8": (768, 768),
    "ic_int8": (49_152, 49_152),
    "kws_int8": (16_000, 8_492),
    "vww_int8": (55_296, 46_080),
}


@pytest.mark.parametrize("name", ARENAS)
def test_reaches_the_lower_bound(name: str, shared_model: Callable[[str], Path]) -> None:
    graph = load(shared_model(f"{name}.tflite"))
    for operators, expected in zip((frozenset(), IN_PLACE), ARENAS[name], strict=True):
        made = plan(one_call_per_node(graph, in_place=operators))
        assert made.arena_bytes == made.lower_bound == expected


@pytest.mark.parametrize("name", [*ARENAS, "sww_int8"])
def test_lowered_networks_are_planned_optimally(name: str, shared_model: Callable[[str], Path]) -> None:
    """With the kernels' real scratch and distances: proven least, and near what the steps need one by one."""
    graph = optimise(load(shared_model(f"{name}.tflite")), Numerics.LITERT)
    program = lower(graph, core=core("cortex-m4"), numerics=Numerics.LITERT, optimize="balanced")
    made = plan(program)
    assert made.arena_bytes == made.lower_bound
    # The distances of a chain of kernels that trail behind their input add up: no order of addresses avoids that.
    assert made.arena_bytes <= 1.25 * lower_bound(made.program)
