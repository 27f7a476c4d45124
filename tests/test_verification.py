# SPDX-License-Identifier: Apache-2.0
"""Verification against an engine whose integers are not the contract: within one, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from milliwatt.errors import InternalError
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Build, Options, compile_graph, load
from milliwatt.targets import board
from milliwatt.verification import verify

Array = npt.NDArray[Any]
DIGITS = Path(__file__).resolve().parents[1] / "examples" / "01_digits" / "digits.tflite"


class Biased:
    """The model's own meaning, with one layer's elements moved by some steps; later layers follow from those."""

    name = "biased"

    def __init__(self, build: Build, layer: int, steps: int, *, exact: bool = False, shows: int = 99) -> None:
        self.exact = exact
        self._graph = build.imported
        self._value = self._graph.nodes[layer].outputs[0]
        self._steps = steps
        self._shows = shows

    def tensors(self, inputs: list[Array]) -> Mapping[str, Array]:
        plain = Interpreter(self._graph).values(inputs)
        low, high = self._graph.values[self._value].dtype.limits
        moved = np.clip(plain[self._value].astype(np.int64) + self._steps, low, high)
        given = {self._value: moved.astype(plain[self._value].dtype)}
        values = Interpreter(self._graph).values(inputs, given=given)
        names = [name for node in self._graph.nodes[: self._shows] for name in node.outputs]
        return {name: given.get(name, values[name]) for name in names}


@pytest.fixture(scope="module")
def build() -> Build:
    return compile_graph(load(DIGITS), Options(board=board("nucleo-l4r5zi")))


def test_integers_may_be_off_by_one_at_each_layer(build: Build) -> None:
    assert verify(build, oracle=Biased(build, 0, 1), runners={}, samples=4, seed=0).ok


def test_two_steps_are_a_difference_and_the_layer_is_named(build: Build) -> None:
    found = verify(build, oracle=Biased(build, 0, 2), runners={}, samples=4, seed=0).first_difference
    assert found is not None
    assert found.implementation == "biased"
    assert build.imported.nodes[0].outputs[0] in found.layer
    assert abs(found.expected - found.got) == 2


def test_an_exact_oracle_may_not_be_off_at_all(build: Build) -> None:
    result = verify(build, oracle=Biased(build, 0, 1, exact=True), runners={}, samples=4, seed=0)
    assert not result.ok


def test_an_oracle_must_show_the_outputs(build: Build) -> None:
    with pytest.raises(InternalError, match="does not show the output"):
        verify(build, oracle=Biased(build, 0, 0, shows=1), runners={}, samples=1, seed=0)
