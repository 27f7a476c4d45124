# SPDX-License-Identifier: Apache-2.0
"""The proof: LiteRT, meaning, host C and emulated C agree on every output byte, or the first difference is named.

It stands above the stages and calls them. LiteRT and the meaning of the imported graph are compared value by
value; the C is compared by its outputs, and where they differ the first step that does is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from milliwatt.errors import InternalError
from milliwatt.ir import Graph
from milliwatt.ops import Numerics, find
from milliwatt.ops.interpret import Interpreter
from milliwatt.pipeline import Build
from milliwatt.samples import sample_inputs

Array = npt.NDArray[Any]


class Oracle(Protocol):
    """The engine of the framework that a model comes from, with all its intermediate values."""

    @property
    def name(self) -> str:
        """How reports call it."""

    @property
    def exact(self) -> bool:
        """Whether its integers are the contract: else they may be off by one, layer by layer."""

    def tensors(self, inputs: list[Array]) -> Mapping[str, Array]:
        """Run the model once: its values by the names that the imported graph has for them, those that it shows."""


class Runner(Protocol):
    """Anything that runs the model: a compiled library, an emulated board."""

    def run(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """Outputs for one set of inputs; state is kept for the next."""

    def reset(self) -> None:
        """Set the state to its initial value."""


@dataclass(frozen=True)
class Difference:
    """The first element that differs.

    Attributes:
        implementation: which one differs from the meaning.
        layer: the node, in the words of the user's model, and the value.
        element: its index.
        expected, got: what the reference gives, and what this implementation gives.
        sample: number of the input.
    """

    implementation: str
    layer: str
    element: tuple[int, ...]
    expected: float
    got: float
    sample: int

    def to_json(self) -> dict[str, Any]:
        """The contract's form."""
        return {
            "layer": self.layer,
            "element": list(self.element),
            "expected": self.expected,
            "got": self.got,
            "implementation": self.implementation,
            "sample": self.sample,
        }


@dataclass(frozen=True)
class Verification:
    """What was compared and what came out.

    Attributes:
        model: the graph's name.
        samples: inputs tried.
        compared: the implementations that took part.
        first_difference: the first element that differs, or None.
        float_tolerance: bound of float comparisons, relative to the largest magnitude; None for integers only.
        default_interpreter_differs: share of output elements in which LiteRT's default interpreter is off.
        not_compared: implementations that could not take part, with the reason.
    """

    model: str
    samples: int
    compared: tuple[str, ...]
    first_difference: Difference | None
    float_tolerance: float | None
    default_interpreter_differs: float | None = None
    not_compared: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return self.first_difference is None

    def to_json(self) -> dict[str, Any]:
        """The contract's form."""
        difference = self.first_difference
        return {
            "ok": self.ok,
            "model": self.model,
            "samples": self.samples,
            "compared": list(self.compared),
            "not_compared": dict(self.not_compared),
            "first_difference": None if difference is None else difference.to_json(),
            "float_tolerance": self.float_tolerance,
            "default_interpreter_differs": self.default_interpreter_differs,
        }


def float_tolerance(graph: Graph) -> float | None:
    """The largest relative difference allowed between float results, or None for a graph of integers only.

    Each float operator rounds within its stated few ulp, and summation orders differ between engines: the
    bound grows with the number of float operators in a row, 64 ulp of float32 for each.
    """
    nodes = sum(
        any(graph.values[name].dtype.numpy.kind == "f" for name in node.outputs) and not find(node.op).view
        for node in graph.nodes
    )
    return nodes * 64 * float(np.finfo(np.float32).eps) if nodes else None


def unequal(expected: Array, got: Array, tolerance: float | None, slack: int = 0) -> tuple[int, ...] | None:
    """Index of the first element that differs.

    Args:
        expected, got: the two results.
        tolerance: of floats, relative to the largest magnitude.
        slack: how far integers may be apart.
    """
    if expected.shape != got.shape or expected.dtype != got.dtype:
        return (0,) * expected.ndim
    wrong = differing(expected, got, tolerance)
    if slack and expected.dtype.kind in "iu":
        wrong = np.abs(expected.astype(np.int64) - got.astype(np.int64)) > slack
    if not wrong.any():
        return None
    return tuple(int(index) for index in np.argwhere(wrong)[0])


def differing(expected: Array, got: Array, tolerance: float | None) -> Array:
    """Which elements differ: integers by equality, floats beyond the tolerance; two NaN are equal."""
    if expected.dtype.kind != "f":
        unlike: Array = expected != got
        return unlike
    left, right = expected.astype(np.float64), got.astype(np.float64)
    finite = np.abs(left[np.isfinite(left)])
    scale = max(1.0, float(finite.max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        far = ~(np.abs(left - right) <= (tolerance or 0.0) * scale)
    wrong: Array = far & (left != right) & ~(np.isnan(left) & np.isnan(right))
    return wrong


@dataclass(frozen=True)
class Comparison:
    """Names what differs for one pair of results."""

    graph: Graph
    tolerance: float | None
    slack: int = 0

    def first(
        self,
        implementation: str,
        sample: int,
        expected: Mapping[str, Array],
        got: Mapping[str, Array],
        *,
        order: Sequence[str],
    ) -> Difference | None:
        producers = self.graph.producers()
        for name in order:
            if name not in got:
                continue
            element = unequal(expected[name], got[name], self.tolerance, self.slack)
            if element is not None:
                node = producers.get(name)
                layer = name if node is None else f"{node.source} -> {name}"
                return Difference(
                    implementation,
                    layer,
                    element,
                    float(expected[name][element]),
                    float(got[name][element]),
                    sample,
                )
        return None


@dataclass
class Off:
    """Counts the output elements in which another interpreter differs."""

    different: int = 0
    elements: int = 0

    def count(
        self,
        interpreter: Any | None,
        inputs: Sequence[Array],
        expected: Sequence[Array],
        tolerance: float | None,
    ) -> None:
        if interpreter is None:
            return
        for left, right in zip(expected, interpreter.run(list(inputs)), strict=True):
            self.different += int(differing(left, right, tolerance).sum())
            self.elements += left.size

    @property
    def share(self) -> float | None:
        """Differing elements over all; None when nothing was counted."""
        return self.different / self.elements if self.elements else None


class Beside:
    """Compares the oracle with the meaning of the imported graph, layer by layer."""

    def __init__(self, graph: Graph, numerics: Numerics, tolerance: float | None) -> None:
        self._order = [name for node in graph.nodes for name in node.outputs]
        self._graph = graph
        self._tolerance = tolerance
        self._follower = Interpreter(graph, numerics)

    def __call__(
        self, oracle: Oracle, number: int, inputs: Sequence[Array], expected: Mapping[str, Array]
    ) -> Difference | None:
        found = oracle.tensors(list(inputs))
        hidden = [
            name for name in self._graph.outputs if name not in found and name not in self._graph.inputs
        ]
        if hidden:
            raise InternalError(f"{oracle.name} does not show the output {hidden[0]}", where=self._graph.name)
        ours = expected if oracle.exact else self._follower.values(inputs, given=found)
        compare = Comparison(self._graph, self._tolerance, slack=0 if oracle.exact else 1)
        shared = {name: ours[name] for name in found if name in ours}
        return compare.first(oracle.name, number, found, shared, order=self._order)


def verify(
    build: Build,
    *,
    oracle: Oracle | None,
    default: Any | None = None,
    runners: Mapping[str, Runner],
    samples: int,
    seed: int,
    locate: Callable[[Build, Sequence[Sequence[Array]]], Mapping[str, Array]] | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Verification:
    """Compare all implementations on random inputs; the first three are the extremes of the input's type.

    Args:
        build: the model in all its stages.
        oracle: the framework's own engine, or None for models that it cannot run. Where its integers are not
            the contract, each layer is compared on its own, on the oracle's inputs: integers within one.
        default: LiteRT's default interpreter, whose differing output elements are counted, never judged.
        runners: the emitted C on the host and on emulated cores, by name.
        samples: number of inputs. A model with state sees them as one sequence.
        seed: of the inputs.
        locate: given the build and the inputs so far, the values of the last run step by step, to find the first
            step that differs (`milliwatt.runners.values_by_step`).
        advance: called after each sample, for a progress display.
    """
    tolerance = float_tolerance(build.imported)
    imported = Interpreter(build.imported, build.options.numerics)
    optimised = Interpreter(build.graph, build.options.numerics)
    compare = Comparison(build.imported, tolerance)
    beside = Beside(build.imported, build.options.numerics, tolerance)
    compare_c = Comparison(build.graph, tolerance)
    history: list[Sequence[Array]] = []
    off = Off()
    difference: Difference | None = None
    for number, inputs in enumerate(sample_inputs(build.imported, samples=samples, seed=seed)):
        history.append(inputs)
        expected = imported.values(inputs)
        if oracle is not None:
            difference = beside(oracle, number, inputs, expected)
        shrunk = optimised.values(inputs)
        outputs = list(build.graph.outputs)
        difference = difference or compare.first("passes", number, expected, shrunk, order=outputs)
        for name, runner in runners.items():
            if difference is None:
                got = dict(zip(outputs, runner.run(inputs), strict=True))
                difference = compare_c.first(name, number, shrunk, got, order=outputs)
                if difference is not None and locate is not None:
                    steps = locate(build, history if build.emitted.stateful else [inputs])
                    inner = [value for node in build.graph.nodes for value in node.outputs]
                    difference = compare_c.first(name, number, shrunk, steps, order=inner) or difference
        off.count(default, inputs, [expected[name] for name in build.imported.outputs], tolerance)
        advance()
        if difference is not None:
            break
    compared = (*((oracle.name,) if oracle is not None else ()), "meaning", "passes", *runners)
    return Verification(build.imported.name, samples, compared, difference, tolerance, off.share)
