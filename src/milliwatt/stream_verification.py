# SPDX-License-Identifier: Apache-2.0
"""The proof of a streamed model: fed hop by hop it gives what the window model gives for the window, byte for byte.

The window model runs in LiteRT and by its meaning on the last columns of the same sequence, once there are enough of
them, and every layer of the streamed graph must give the last columns of theirs. The C runs beside it from the first
hop on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.errors import UsageError
from milliwatt.ops.interpret import Interpreter
from milliwatt.passes import optimise
from milliwatt.pipeline import Build
from milliwatt.samples import sample_inputs
from milliwatt.stream import Streaming, stream
from milliwatt.verification import (
    Beside,
    Comparison,
    Difference,
    Off,
    Oracle,
    Runner,
    Verification,
    float_tolerance,
)

Array = npt.NDArray[Any]


def last_columns(whole: Array, part: Array) -> Array:
    """The end of ``whole`` that has the shape of ``part``: the new columns of an output that has the time axis."""
    return whole[tuple(slice(full - new, full) for full, new in zip(whole.shape, part.shape, strict=True))]


def verify_stream(
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
    """Compare both forms of a model on one sequence. Arguments as in `milliwatt.verification.verify`.

    ``samples`` counts full windows; as many runs as fill the first one come before them.

    Raises:
        UsageError: the build is not streamed.
    """
    chosen = build.options.stream
    if chosen is None:
        raise UsageError("this build is not streamed", hint="build it with --stream AXIS")
    track, fill = chosen.track(build.imported), chosen.runs_to_fill(build.imported)
    oracles = _Oracles(build, oracle, default, chosen)
    streamed = Interpreter(build.graph, build.options.numerics)
    compare = Comparison(build.graph, oracles.tolerance)
    outputs = list(build.graph.outputs)
    history: list[Sequence[Array]] = []
    difference: Difference | None = None
    frames: list[Array] = []
    for number, inputs in enumerate(sample_inputs(build.graph, samples=samples + fill - 1, seed=seed)):
        history.append(inputs)
        frames = [*frames[-fill + 1 :], inputs[0]]
        hop, got = oracles.run(inputs), streamed.values(inputs)
        if number >= fill - 1:
            window = np.concatenate(frames, axis=track.axis)
            window = np.take(
                window, range(window.shape[track.axis] - track.full, window.shape[track.axis]), track.axis
            )
            difference = oracles.first(number, window, hop, got)
            advance()
        for name, runner in runners.items():
            if difference is None:
                ran = dict(zip(outputs, runner.run(inputs), strict=True))
                difference = compare.first(name, number, got, ran, order=outputs)
                if difference is not None and locate is not None:
                    inner = [value for node in build.graph.nodes for value in node.outputs]
                    difference = (
                        compare.first(name, number, got, locate(build, history), order=inner) or difference
                    )
        if difference is not None:
            break
    compared = (*((oracle.name,) if oracle is not None else ()), "meaning", "stream", "passes", *runners)
    return Verification(
        build.imported.name, samples, compared, difference, oracles.tolerance, oracles.off.share
    )


class _Oracles:
    """The window model in LiteRT and by its meaning, and the streamed graph as it was before the passes saw it."""

    def __init__(self, build: Build, oracle: Oracle | None, default: Any | None, chosen: Streaming) -> None:
        numerics = build.options.numerics
        self.off = Off()
        self.tolerance = float_tolerance(build.imported)
        self._imported = build.imported
        self._window = optimise(build.imported, numerics)
        self._oracle = oracle
        self._default = default
        self._beside = Beside(build.imported, numerics, self.tolerance)
        self._meaning = Interpreter(build.imported, numerics)
        self._optimised = Interpreter(self._window, numerics)
        self._streamed = Interpreter(stream(self._window, axis=chosen.axis, hop=chosen.hop), numerics)

    def run(self, inputs: Sequence[Array]) -> Mapping[str, Array]:
        """Every value of the streamed graph for the next hop."""
        return self._streamed.values(inputs)

    def first(
        self, number: int, window: Array, hop: Mapping[str, Array], got: Mapping[str, Array]
    ) -> Difference | None:
        """Where the oracle differs from the meaning of the window model, else where a layer of the streamed graph does.

        Args:
            number: of the hop.
            window: the last columns of the sequence.
            hop: every value of the streamed graph.
            got: every value of the same behind the passes.
        """
        expected = self._meaning.values([window])
        outputs = self._imported.outputs
        difference = None
        if self._oracle is not None:
            difference = self._beside(self._oracle, number, [window], expected)
        self.off.count(self._default, [window], [expected[name] for name in outputs], self.tolerance)
        return (
            difference
            or self._first_layer(number, self._optimised.values([window]), hop)
            or Comparison(self._imported, self.tolerance).first(
                "passes", number, _ends(expected, got, outputs), got, order=outputs
            )
        )

    def _first_layer(
        self, number: int, window: Mapping[str, Array], hop: Mapping[str, Array]
    ) -> Difference | None:
        layers = [name for node in self._window.nodes for name in node.outputs]
        compare = Comparison(self._window, self.tolerance)
        return compare.first("stream", number, _ends(window, hop, layers), hop, order=layers)


def _ends(whole: Mapping[str, Array], parts: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    return {name: last_columns(whole[name], parts[name]) for name in names}
