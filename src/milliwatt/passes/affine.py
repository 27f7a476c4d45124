# SPDX-License-Identifier: Apache-2.0
"""What the passes on constant factors and summands share: one view of MUL, ADD, SUB and DIV, and of linear layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Graph, Node

Array = npt.NDArray[Any]

_ACTIVATION = "fused_activation_function"


@dataclass(frozen=True)
class Affine:
    """A node that computes ``activation(data * scale + shift)`` with constants per channel.

    Attributes:
        data: the value that is scaled.
        scale, shift: float64, [1] or [channels] (the last dimension).
        activation: the fused activation, or NONE.
    """

    data: str
    scale: Array
    shift: Array
    activation: str

    def after(self, first: Affine) -> Affine:
        """This behind another, whose activation must be NONE, in one."""
        return Affine(
            first.data, first.scale * self.scale, first.shift * self.scale + self.shift, self.activation
        )

    @property
    def finite(self) -> bool:
        """Whether all constants are finite as float32."""
        with np.errstate(over="ignore"):
            both = np.concatenate([self.scale, self.shift]).astype(np.float32)
        return bool(np.isfinite(both).all())


@dataclass(frozen=True)
class Linear:
    """Where a linear layer has its data, filter and bias, and which axis of the filter is the output's channels."""

    data: int
    filter: int
    bias: int
    out_axis: int


LINEAR = {
    "CONV_2D": Linear(0, 1, 2, 0),
    "DEPTHWISE_CONV_2D": Linear(0, 1, 2, 3),
    "FULLY_CONNECTED": Linear(0, 1, 2, 0),
    "TRANSPOSE_CONV": Linear(2, 1, 3, 0),
}


def affine_of(graph: Graph, node: Node) -> Affine | None:
    """The node as a scale and a shift of a float value, or None where it is something else."""
    if (
        node.op not in ("ADD", "SUB", "MUL", "DIV")
        or graph.values[node.outputs[0]].dtype is not DType.FLOAT32
    ):
        return None
    sides = [graph.constants.get(str(name)) for name in node.inputs]
    place = 1 if sides[1] is not None else 0
    constant, data = sides[place], str(node.inputs[1 - place])
    if constant is None or data in graph.constants or graph.values[data] != graph.values[node.outputs[0]]:
        return None
    vector = _vector(constant)
    if vector is None:
        return None
    one, none = np.ones(1), np.zeros(1)
    if node.op == "MUL":
        scale, shift = vector, none
    elif node.op == "DIV":
        if place == 0 or not vector.all():
            return None
        scale, shift = 1.0 / vector, none
    elif node.op == "ADD":
        scale, shift = one, vector
    else:
        scale, shift = (one, -vector) if place == 1 else (-one, vector)
    found = Affine(data, scale, shift, str(node.attrs.get(_ACTIVATION, "NONE")))
    return found if found.finite else None


def _vector(constant: Array) -> Array | None:
    """A constant that varies along its last dimension alone, or not at all, as float64."""
    if constant.size and (constant == constant.flat[0]).all():
        return constant.reshape(-1)[:1].astype(np.float64)
    if constant.ndim and constant.size != constant.shape[-1] and constant.size != 1:
        return None
    return constant.reshape(-1).astype(np.float64)


def parameters(graph: Graph, node: Node) -> tuple[Array, Array | None] | None:
    """Filter and bias of a float linear layer with constants; None for other nodes."""
    places = LINEAR.get(node.op)
    if places is None or graph.values[node.outputs[0]].dtype is not DType.FLOAT32:
        return None
    weights = graph.constants.get(str(node.inputs[places.filter]))
    bias_name = node.inputs[places.bias] if len(node.inputs) > places.bias else None
    bias = None if bias_name is None else graph.constants.get(bias_name)
    if weights is None or (bias_name is not None and bias is None):
        return None
    return weights, bias


def is_plain(node: Node) -> bool:
    """Whether the node has no fused activation."""
    return node.attrs.get(_ACTIVATION, "NONE") == "NONE"


def per_output(vector: Array, places: Linear, rank: int) -> Array:
    """A vector over the output's channels, shaped to multiply the filter."""
    shape = [1] * rank
    shape[places.out_axis] = vector.size
    return vector.reshape(shape)
