# SPDX-License-Identifier: Apache-2.0
"""Compares an imported module with PyTorch itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from milliwatt.importers.torch import from_module
from milliwatt.ir import Graph
from milliwatt.measure.host import HostRunner
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Options, compile_graph
from milliwatt.targets import board
from milliwatt.verification import Runner, float_tolerance, unequal

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra train)")


class Calls(torch.nn.Module):
    """A module whose forward is a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)


class Together(torch.nn.Module):
    """Many functions or modules in one, since exporting costs time; each has inputs of its own.

    Args:
        cases: (function, *inputs) by name.
    """

    def __init__(self, cases: Mapping[str, Sequence[Any]]) -> None:
        super().__init__()
        self.cases = dict(cases)
        modules = {name: case[0] for name, case in cases.items() if isinstance(case[0], torch.nn.Module)}
        self.registered = torch.nn.ModuleList(modules.values())

    def forward(self, *inputs: Any) -> Any:
        waiting = list(inputs)
        results = []
        for function, *own in self.cases.values():
            results.append(function(*(waiting.pop(0) for _ in own)))
        return results

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The inputs of all cases, in order."""
        return tuple(tensor for _, *own in self.cases.values() for tensor in own)

    def compared(self) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
        """For each case its results: PyTorch's, and those of the imported graph's meaning."""
        graph = from_module(self.eval(), self.inputs, "model")
        got = iter(Interpreter(graph).run([np.asarray(tensor) for tensor in self.inputs]))
        with torch.no_grad():
            expected = self(*self.inputs)
        return {
            name: [(array, next(got)) for array in flat(result)]
            for name, result in zip(self.cases, expected, strict=True)
        }


def random(*shape: int, seed: int = 0) -> Any:
    """Normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def seeded(make: Callable[[], Any], seed: int = 0) -> Any:
    """A module with random parameters and statistics, always the same."""
    torch.manual_seed(seed)
    module = make()
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0.0, 0.5)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2.0)
    return module.eval()


def agree(module: Any, *inputs: Any) -> Graph:
    """The module's graph, whose meaning gives PyTorch's results for these inputs."""
    graph = from_module(module, inputs, "model")
    same_results(graph, Interpreter(graph), module, [inputs])
    return graph


def host(graph: Graph) -> Runner:
    """The graph compiled for this computer."""
    return HostRunner(compile_graph(graph, Options(board=board("host"))).emitted)


def same_results(graph: Graph, runner: Runner, module: Any, runs: Sequence[Sequence[Any]]) -> None:
    """Run by run, the runner's outputs are PyTorch's: integers are equal, floats within the stated tolerance."""
    tolerance = float_tolerance(graph)
    for inputs in runs:
        with torch.no_grad():
            expected = flat(module.eval()(*inputs))
        got = runner.run([np.asarray(tensor) for tensor in inputs])
        assert len(expected) == len(got)
        for index, (left, right) in enumerate(zip(expected, got, strict=True)):
            wrong = unequal(left, np.asarray(right), tolerance)
            assert wrong is None, (
                f"output {index} at {wrong}: {left[wrong]} became {np.asarray(right)[wrong]}"
            )


def equal_within(pairs: Sequence[tuple[np.ndarray, np.ndarray]], tolerance: float = 1e-5) -> None:
    """Integers are equal, floats within the tolerance relative to the largest magnitude."""
    assert pairs
    for index, (expected, got) in enumerate(pairs):
        wrong = unequal(expected, got, tolerance)
        assert wrong is None, f"result {index} at {wrong}: {expected[wrong]} became {got[wrong]}"


def flat(result: Any) -> list[np.ndarray]:
    """The tensors of a module's result as arrays, in order."""
    if isinstance(result, tuple | list):
        return [array for item in result for array in flat(item)]
    return [result.detach().numpy()]
