# SPDX-License-Identifier: Apache-2.0
"""Graph to graph: a model of a sliding window becomes one that is fed only the new columns of time.

Each value along time is followed as its last columns (`milliwatt.stream.track`); where a node reads columns of
earlier runs too, a line is laid: a state variable with those columns, in front of the new ones.

The idea of streaming convolutions with ring buffers is Rybakov et al., "Streaming keyword spotting on mobile
devices", Interspeech 2020; here it works on any finished graph instead of on layers of a framework.
"""

from __future__ import annotations

from dataclasses import dataclass

from milliwatt.errors import UsageError
from milliwatt.ir import Graph
from milliwatt.ir.verify import verify
from milliwatt.ops.check import check
from milliwatt.stream.lines import Lines
from milliwatt.stream.rules import step_of
from milliwatt.stream.track import Step, Track


@dataclass(frozen=True)
class Streaming:
    """How a window slides.

    Attributes:
        axis: the time axis of the model's input; negative ones count from the back.
        hop: new columns of the input per run, from 1 to less than the window.
    """

    axis: int
    hop: int = 1

    def track(self, graph: Graph) -> Track:
        """The time axis of the model's only input.

        Raises:
            UsageError: there are several inputs, no such axis, or the hop leaves nothing of the last window.
        """
        if len(graph.inputs) != 1:
            raise UsageError(
                f"a model with {len(graph.inputs)} inputs cannot be streamed",
                where=graph.name,
                hint="only models of one input have one window",
            )
        shape = graph.values[graph.inputs[0]].shape
        if not -len(shape) <= self.axis < len(shape):
            raise UsageError(
                f"the input {list(shape)} has no axis {self.axis}",
                where=graph.inputs[0],
                hint="`milliwatt inspect` shows the input's shape; axes count from 0",
            )
        axis = self.axis % len(shape)
        if not 1 <= self.hop < shape[axis]:
            raise UsageError(
                f"a hop of {self.hop} does not slide a window of {shape[axis]} columns along axis {axis}",
                where=graph.inputs[0],
                hint="the hop is at least 1 and less than the window",
            )
        return Track(axis, self.hop, shape[axis])

    def runs_to_fill(self, graph: Graph) -> int:
        """Runs from the start until every column of the window is a real one."""
        track = self.track(graph)
        return -(-track.full // track.new)


def stream(graph: Graph, *, axis: int, hop: int = 1) -> Graph:
    """The incremental form of a window model.

    Args:
        graph: a checked model without state, of one input.
        axis: the time axis of its input.
        hop: new columns per run.

    Returns:
        A model with state. Its input has ``hop`` columns. From run ``ceil(window / hop)`` on, every output is what
        the window model gives for the last ``window`` columns, bit for bit; an output that still has the time axis
        gives only its new columns, which are the last ones of the window model's.

    Raises:
        UsageError: the model has no such axis, or not one input.
        UnsupportedError: a layer pads in time, has a stride that the hop does not fit, or has state.
    """
    tracks = {graph.inputs[0]: Streaming(axis, hop).track(graph)}
    steps: list[Step | None] = []
    lines = Lines(graph, tracks)
    for node in graph.nodes:
        step = step_of(graph, node, tracks)
        steps.append(step)
        for name in dict.fromkeys(node.inputs):
            if name in tracks:
                lines.demand(name, tracks[name].full if step is None else step.columns)
        if step is not None and step.output is not None:
            tracks.update(dict.fromkeys(node.outputs, step.output))
    for node, step in zip(graph.nodes, steps, strict=True):
        lines.append(node, step)
    return check(verify(lines.graph()))
