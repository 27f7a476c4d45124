# SPDX-License-Identifier: Apache-2.0
"""Folds constant factors and summands per channel (batch normalisation) into the float linear layer beside them.

Source: Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
inference", CVPR 2018, section 3.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node, TensorType
from milliwatt.ops import Numerics, signature
from milliwatt.ops.conv_2d import sliding_axes
from milliwatt.passes.affine import LINEAR, Affine, affine_of, is_plain, parameters, per_output
from milliwatt.passes.exactness import behind_integers
from milliwatt.passes.rewrite import Change, Pass, rewrite

Array = npt.NDArray[Any]


class _Folding:
    """One walk over a graph; knows who makes and who reads each value."""

    def __init__(self, graph: Graph) -> None:
        self._producers, self._users = graph.producers(), graph.users()
        self._exact = behind_integers(graph)

    def visit(self, graph: Graph, node: Node) -> Change | None:
        """Fold this node into the layer before it, or what stands before this layer into it."""
        if self._exact.intersection(node.outputs):
            return None
        change = self._behind(graph, node) or self._before(graph, node)
        if change is not None:
            self._producers[node.outputs[0]] = change.nodes[0]
        return change

    def _private(self, graph: Graph, value: str) -> Node | None:
        """What makes a value that one node alone reads."""
        if len(self._users.get(value, ())) != 1 or value in graph.outputs:
            return None
        return self._producers.get(value)

    def _may_scale(self, graph: Graph, layer: Node, scale: Array) -> bool:
        """Whether the filter stays as it is, or belongs to this layer alone."""
        name = str(layer.inputs[LINEAR[layer.op].filter])
        return bool((scale == 1).all()) or (name not in graph.outputs and len(self._users.get(name, ())) <= 1)

    def _behind(self, graph: Graph, node: Node) -> Change | None:
        """data * w * scale + (b * scale + shift)."""
        affine = affine_of(graph, node)
        layer = None if affine is None else self._private(graph, affine.data)
        found = None if layer is None else parameters(graph, layer)
        if affine is None or layer is None or found is None or not is_plain(layer):
            return None
        if not self._may_scale(graph, layer, affine.scale):
            return None
        weights, bias = found
        places = LINEAR[layer.op]
        count = weights.shape[places.out_axis]
        scale, shift = (np.broadcast_to(vector, (count,)) for vector in (affine.scale, affine.shift))
        total = shift if bias is None else bias.reshape(-1).astype(np.float64) * scale + shift
        scaled = weights * per_output(scale, places, weights.ndim)
        merged = layer.with_attrs(fused_activation_function=affine.activation)
        return _layer(
            graph, merged, scaled, total, outputs=node.outputs, source=_joined(layer.source, node.source)
        )

    def _before(self, graph: Graph, node: Node) -> Change | None:
        """data * (scale * w) + (b + sum(shift * w))."""
        found = parameters(graph, node)
        if found is None:
            return None
        before = self._private(graph, str(node.inputs[LINEAR[node.op].data]))
        affine = None if before is None else affine_of(graph, before)
        if before is None or affine is None or affine.activation != "NONE":
            return None
        if not self._may_scale(graph, node, affine.scale) or (
            affine.shift.any() and not _uniform(graph, node)
        ):
            return None
        weights, bias = found
        factors = _factors(graph, node, affine, weights)
        if factors is None:
            return None
        scale, shift = factors
        axes = tuple(axis for axis in range(weights.ndim) if axis != LINEAR[node.op].out_axis)
        total = (weights * shift).sum(axis=axes)
        total = total if bias is None else total + bias.reshape(-1)
        inputs = list(node.inputs)
        inputs[LINEAR[node.op].data] = affine.data
        reading = Node(node.op, tuple(inputs), node.outputs, node.attrs, node.states, node.source)
        source = _joined(before.source, node.source)
        return _layer(graph, reading, weights * scale, total, outputs=node.outputs, source=source)


def _joined(first: str, second: str) -> str:
    """Both sources, or one where the second says nothing new."""
    return first if second in first.split(" + ") else f"{first} + {second}"


def _uniform(graph: Graph, node: Node) -> bool:
    """Whether every output sums all taps of the filter: no padding takes part."""
    if node.op == "FULLY_CONNECTED":
        return True
    if node.op == "TRANSPOSE_CONV":
        return False
    kind = signature(graph, node)
    _, height, width, _ = kind.input(1).shape
    return all(axis.before == axis.after == 0 for axis in sliding_axes(kind, height=height, width=width))


def _factors(graph: Graph, node: Node, affine: Affine, weights: Array) -> tuple[Array, Array] | None:
    """Scale and shift of the input's channels in the shape of the filter, or None where they do not fit it."""
    channels = graph.values[affine.data].shape[-1]
    both = [np.broadcast_to(vector, (channels,)) for vector in (affine.scale, affine.shift)]
    if node.op == "DEPTHWISE_CONV_2D":
        spread = [np.repeat(vector, weights.shape[3] // channels) for vector in both]
    elif node.op == "CONV_2D":
        groups = channels // weights.shape[3]
        each = weights.shape[0] // groups
        spread = [np.repeat(vector.reshape(groups, 1, 1, -1), each, axis=0) for vector in both]
    elif node.op == "FULLY_CONNECTED":
        if weights.shape[1] % channels:
            return None
        spread = [np.tile(vector, weights.shape[1] // channels) for vector in both]
    else:
        spread = both
    return spread[0], spread[1]


def _layer(
    graph: Graph, node: Node, weights: Array, bias: Array, *, outputs: tuple[str, ...], source: str
) -> Change | None:
    """The layer with other constants; None where they are not finite in float32."""
    places = LINEAR[node.op]
    with np.errstate(over="ignore"):
        filters, summands = weights.astype(np.float32), bias.astype(np.float32)
    if not (np.isfinite(filters).all() and np.isfinite(summands).all()):
        return None
    inputs = list(node.inputs) + [None] * (places.bias + 1 - len(node.inputs))
    constants: dict[str, Array] = {}
    if not np.array_equal(filters, graph.constants[str(inputs[places.filter])]):
        inputs[places.filter] = graph.fresh(f"{outputs[0]}.filter")
        constants[str(inputs[places.filter])] = filters
    if summands.any() or inputs[places.bias] is not None:
        inputs[places.bias] = graph.fresh(f"{outputs[0]}.bias")
        constants[str(inputs[places.bias])] = summands
    return Change(
        nodes=(Node(node.op, tuple(inputs), outputs, node.attrs, node.states, source),),
        constants=constants,
        values={name: TensorType(DType.FLOAT32, array.shape) for name, array in constants.items()},
    )


def fold_affine(graph: Graph, _: Numerics = Numerics.LITERT) -> Graph:
    """One walk over the graph; what was folded is left to dead-code removal. Results change by rounding alone."""
    folding = _Folding(graph)
    return rewrite(graph, folding.visit)


PASS = Pass(
    "fold-affine",
    32,
    "behind assign-layouts, which takes away the transposes between them; before activations are fused",
    fold_affine,
)
