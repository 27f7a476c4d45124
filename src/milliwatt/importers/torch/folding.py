# SPDX-License-Identifier: Apache-2.0
"""Folds batch normalisation into the convolution or linear layer before it: scaled weights and a bias of their own.

Source: Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
inference", 2018, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from milliwatt.importers.torch.framework import torch
from milliwatt.importers.torch.site import Constant, bound_arguments

NORM = "aten._native_batch_norm_legit_no_training.default"

LAYERS = frozenset(
    f"aten.{name}"
    for name in (
        "conv1d.default",
        "conv1d.padding",
        "conv2d.default",
        "conv2d.padding",
        "convolution.default",
        "linear.default",
    )
)
"""Layers whose weights have the output channels at axis 0."""


@dataclass(frozen=True)
class Folding:
    """What changes.

    Attributes:
        arguments: weight and bias of each layer into which a normalisation is folded.
        layers: the layer that takes each normalisation's place.
    """

    arguments: dict[Any, dict[str, Constant]] = field(default_factory=dict)
    layers: dict[Any, Any] = field(default_factory=dict)


def folding(graph: Any, constant: Callable[[Any], Any | None]) -> Folding:
    """The normalisations of a program's graph that can be folded.

    Args:
        graph: the torch.fx.Graph.
        constant: the tensor of a node that is a parameter, buffer or constant, else None.
    """
    found = Folding()
    for node in graph.nodes:
        if str(node.target) != NORM or not isinstance(node.args[0], torch().fx.Node):
            continue
        layer = node.args[0]
        if _can_take(layer, node):
            arguments = _folded(layer, bound_arguments(node), constant)
            if arguments is not None:
                found.arguments[layer] = arguments
                found.layers[node] = layer
    return found


def _can_take(layer: Any, norm: Any) -> bool:
    if str(layer.target) not in LAYERS or list(layer.users) != [norm]:
        return False
    # A linear layer's last axis is its channels, which is the normalised axis only without others between.
    is_linear = str(layer.target) == "aten.linear.default"
    return not bound_arguments(layer).get("transposed") and (not is_linear or layer.meta["val"].dim() == 2)


def _folded(
    layer: Any, norm: Mapping[str, Any], constant: Callable[[Any], Any | None]
) -> dict[str, Constant] | None:
    own = bound_arguments(layer)
    tensors = {
        "weight": own["weight"],
        "bias": own["bias"],
        "scale": norm["weight"],
        "offset": norm["bias"],
        "mean": norm["running_mean"],
        "variance": norm["running_var"],
    }
    known = {name: None if node is None else constant(node) for name, node in tensors.items()}
    if any(known[name] is None for name, node in tensors.items() if node is not None):
        return None
    wide = torch().float64
    numbers = {name: tensor.to(wide) for name, tensor in known.items() if tensor is not None}
    factor = (numbers["variance"] + float(norm["eps"])).rsqrt() * numbers.get("scale", 1.0)
    offset = numbers.get("offset", 0.0) + (numbers.get("bias", 0.0) - numbers["mean"]) * factor
    shape = (-1, *(1,) * (numbers["weight"].dim() - 1))
    weight = numbers["weight"] * factor.reshape(shape)
    dtype = torch().float32
    return {
        "weight": Constant(weight.to(dtype), own["weight"].name),
        "bias": Constant(
            offset.to(dtype), own["bias"].name if own["bias"] is not None else f"{layer.name}.bias"
        ),
    }
