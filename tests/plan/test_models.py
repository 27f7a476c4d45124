# SPDX-License-Identifier: Apache-2.0
"""The MLPerf Tiny networks: what is reached is the lower bound, with and without overlaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plan.model_programs import one_call_per_node

from milliwatt.importers import load
from milliwatt.plan import plan

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
