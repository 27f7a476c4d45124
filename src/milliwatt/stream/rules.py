# SPDX-License-Identifier: Apache-2.0
"""Which rule serves which operator. An operator without one is run whole on the window that is kept: always exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from milliwatt.errors import UnsupportedError
from milliwatt.ir import Graph, Node
from milliwatt.ops import Signature, signature
from milliwatt.stream import pointwise, windows
from milliwatt.stream.track import Step, Track

Rule = Callable[[Signature, Node, Track], Step | None]

_RULES: dict[str, Rule] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"), windows.sliding),
    **dict.fromkeys(("SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"), pointwise.along_last),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), pointwise.reduction),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), pointwise.pad),
    **dict.fromkeys(("SPLIT", "SPLIT_V"), pointwise.split),
    "CONCATENATION": pointwise.concatenation,
    "FULLY_CONNECTED": pointwise.fully_connected,
    "SLICE": windows.box,
    "STRIDED_SLICE": windows.strided,
    "TRANSPOSE": pointwise.transpose,
}


def step_of(graph: Graph, node: Node, tracks: Mapping[str, Track]) -> Step | None:
    """How a node follows the stream; None when it has to see its whole inputs, as in the window model.

    Raises:
        UnsupportedError: the node keeps state of its own, pads in time, or has a stride that the hop does not fit.
    """
    if node.states:
        raise UnsupportedError(
            f"{node.op} keeps a state of its own, so the model is no function of its window",
            where=node.source,
            hint="a model with state is streamed as it is: feed it frame by frame",
        )
    computed = [name for name in node.inputs if name is not None and name not in graph.constants]
    found = {tracks.get(name) for name in computed}
    track = found.pop() if len(found) == 1 else None
    if track is None:
        return None
    return _RULES.get(node.op, pointwise.general)(signature(graph, node), node, track)
