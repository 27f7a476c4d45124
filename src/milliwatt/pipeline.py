# SPDX-License-Identifier: Apache-2.0
"""The stages in order: importers → passes → lower → plan → emit. Measuring and the command line stand above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from milliwatt.bands import Cut, in_bands
from milliwatt.emit.emission import emit
from milliwatt.emit.emitted import Emitted
from milliwatt.errors import UsageError
from milliwatt.ir import Graph, Shape
from milliwatt.lower.lowering import Choose, lower
from milliwatt.lower.program import Program
from milliwatt.ops import Numerics
from milliwatt.passes import optimise
from milliwatt.plan import plan
from milliwatt.plan.layout import Plan
from milliwatt.stream import Streaming, stream
from milliwatt.targets import Board

OPTIMIZE = ("speed", "balanced", "ram", "flash")
WEIGHTS = ("flash", "ram")


@dataclass(frozen=True)
class Options:
    """What a user may choose.

    Attributes:
        board: what it shall run on.
        numerics: the contract of rounding.
        optimize: speed, balanced, ram or flash.
        max_ram: bytes that the arena may have, or None.
        weights: where constant tables lie when the model runs: flash, or ram (a copy made by the start-up code).
        stream: the time axis and the hop of a window model that shall be fed only what is new, or None.
        bands: consecutive layers that shall be run a few rows at a time, or None; see `milliwatt.bands`.
        name: the C prefix.
        about: lines on top of the header.
        extra: further entries of the manifest.
    """

    board: Board
    numerics: Numerics = Numerics.LITERT
    optimize: str = "balanced"
    max_ram: int | None = None
    weights: str = "flash"
    stream: Streaming | None = None
    bands: Cut | None = None
    name: str = "model"
    about: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.optimize not in OPTIMIZE:
            raise UsageError(
                f"cannot optimise for {self.optimize!r}", hint=f"choose one of {', '.join(OPTIMIZE)}"
            )
        if self.weights not in WEIGHTS:
            raise UsageError(
                f"weights cannot lie in {self.weights!r}", hint=f"choose one of {', '.join(WEIGHTS)}"
            )


@dataclass(frozen=True)
class Build:
    """The result of every stage. With streaming, ``imported`` is the window model and ``graph`` its streamed form."""

    imported: Graph
    graph: Graph
    program: Program
    plan: Plan
    emitted: Emitted
    options: Options


def compile_graph(graph: Graph, options: Options, *, choose: Choose | None = None) -> Build:
    """From an imported graph to C, one stage after the other.

    Args:
        graph: the imported graph.
        options: what the user chose.
        choose: chooses kernels by measurement (`milliwatt.fit`); without it rules choose.
    """
    optimised = transformed(graph, options)
    program = lowered(optimised, options, choose=choose)
    placed = plan(program, budget=options.max_ram)
    emitted = emit(placed, name=options.name, about=options.about, extra=options.extra)
    return Build(graph, optimised, placed.program, placed, emitted, options)


def lowered(graph: Graph, options: Options, *, choose: Choose | None = None) -> Program:
    """The program of a transformed graph."""
    return lower(
        graph,
        core=options.board.core,
        numerics=options.numerics,
        optimize=options.optimize,
        tables_in_ram=options.weights == "ram",
        choose=choose,
    )


def transformed(graph: Graph, options: Options) -> Graph:
    """The graph that is lowered: behind the passes, and in the form that the options ask for."""
    optimised = optimise(graph, options.numerics)
    if options.stream is not None:
        # Behind the passes, which fold what is computed from shapes; they then run again on what streaming adds.
        streamed = stream(optimised, axis=options.stream.axis, hop=options.stream.hop)
        optimised = optimise(streamed, options.numerics)
    # Last, for the numbers of its nodes are those of the graph behind all passes.
    return optimised if options.bands is None else in_bands(optimised, options.bands)


def with_facts(build: Build, facts: Sequence[str], extra: Mapping[str, Any]) -> Build:
    """The same build with measured lines in its header and manifest; the code does not change."""
    options = build.options
    emitted = emit(
        build.plan, name=options.name, about=options.about, facts=facts, extra={**options.extra, **extra}
    )
    return replace(build, emitted=emitted)


def load(
    model: object,
    example: object = None,
    *,
    name: str | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    trust: bool = False,
) -> Graph:
    """Read a trained model: a file, whose format follows from its suffix, or a live object of its framework.

    Args:
        model: a path, or an object such as a PyTorch module or a scikit-learn estimator.
        example: inputs that the object takes, where their shapes do not follow from it.
        name: the graph's name; by default the file's, or the object's class.
        input_shapes: shapes of inputs by name ("" for the only one), where the model leaves them open.
        trust: unpickle files, which runs whatever code their author put there.

    Returns:
        A graph that verifies, each operator supported.

    Raises:
        UsageError: there is no such file, nothing takes its format, or a choice does not fit the model.
        ModelError: the file is damaged.
        UnsupportedError: the model uses something that milliwatt does not support.

    Example:
        >>> import milliwatt
        >>> graph = milliwatt.load("keyword_spotting.tflite")  # doctest: +SKIP
    """
    from milliwatt.importers import load as load_model
    from milliwatt.importers.request import Request

    return load_model(model, example, name=name, request=Request(input_shapes or {}, trust=trust))
