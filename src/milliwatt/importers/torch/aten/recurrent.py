# SPDX-License-Identifier: Apache-2.0
"""LSTM, GRU and plain recurrent layers: one node per layer and direction, in ONNX's order of gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.torch.site import Site
from milliwatt.ir import AttrValue, DType

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Kind:
    """A kind of recurrent layer.

    Attributes:
        op: the operator.
        gates: PyTorch's index of each gate in the operator's order.
        states: how many states there are.
        attrs: attributes of the operator.
    """

    op: str
    gates: tuple[int, ...]
    states: int
    attrs: dict[str, AttrValue]


# PyTorch stacks input, forget, cell, output and reset, update, new; ONNX input, output, forget, cell and
# update, reset, new.
LSTM = Kind("LSTM", (0, 3, 1, 2), 2, {})
GRU = Kind("GRU", (1, 0, 2), 1, {"linear_before_reset": 1})


def recurrent(kind: Kind) -> Callable[[Site], tuple[str | None, ...]]:
    """The translation of a stack of layers, of one direction or of both."""

    def translated(site: Site) -> tuple[str | None, ...]:
        data = site.value("input")
        if site.flag("batch_first"):
            data = site.transpose(data, (1, 0, 2))
        directions = 2 if site.flag("bidirectional") else 1
        parameters = parameters_of(site, site.integer("num_layers") * directions)
        last: list[list[str]] = []
        for layer in range(site.integer("num_layers")):
            results = [
                one_direction(
                    site,
                    kind,
                    data,
                    parameters[place],
                    place=place,
                    backwards=place % 2 == 1 and directions == 2,
                )
                for place in range(layer * directions, (layer + 1) * directions)
            ]
            sequences = [sequence for sequence, *_ in results]
            data = sequences[0] if directions == 1 else site.emit("CONCATENATION", sequences, {"axis": 2})
            last.extend(states for _, *states in results)
        if site.flag("batch_first"):
            data = site.transpose(data, (1, 0, 2))
        return (data, *stacked(site, last, kind.states))

    return translated


def parameters_of(site: Site, count: int) -> list[list[Array]]:
    """Weights, recurrent weights and, if there are any, both biases of each layer and direction.

    Raises:
        UnsupportedError: they are computed, or there is a projection.
    """
    arrays = [site.array_of(item) for item in site.arguments["params"]]
    each = 4 if site.flag("has_biases") else 2
    if len(arrays) != count * each:
        raise site.unsupported("a projection of the hidden state (proj_size)")
    known = [array for array in arrays if array is not None]
    if len(known) != len(arrays):
        raise site.unsupported("weights that are computed")
    return [known[start : start + each] for start in range(0, len(known), each)]


def one_direction(
    site: Site, kind: Kind, data: str, parameters: Sequence[Array], *, place: int, backwards: bool
) -> tuple[str, ...]:
    """The sequence and the last states of one layer in one direction."""
    ordered = [reordered(array, kind.gates) for array in parameters]
    inputs: list[str | None] = [
        data,
        site.build.constant(ordered[0], stem=f"{site.node.name}.weights"),
        site.build.constant(ordered[1], stem=f"{site.node.name}.recurrent_weights"),
        site.build.constant(np.concatenate(ordered[2:]), stem=f"{site.node.name}.bias")
        if len(ordered) > 2
        else None,
        *(initial_state(site, item, place) for item in initial_states(site)),
    ]
    while inputs[-1] is None:
        inputs.pop()
    attrs = {**kind.attrs, "direction": "reverse" if backwards else "forward"}
    return site.build.nodes(kind.op, inputs, attrs, dtype=DType.FLOAT32)


def reordered(array: Array, gates: Sequence[int]) -> Array:
    """The rows of each gate in another order of gates."""
    parts = np.split(array, len(gates))
    return np.concatenate([parts[gate] for gate in gates])


def initial_states(site: Site) -> list[Any]:
    """The nodes of the initial states."""
    states = site.arguments["hx"]
    return list(states) if isinstance(states, tuple | list) else [states]


def initial_state(site: Site, states: Any, place: int) -> str | None:
    """The initial state of one layer and direction; None for zeros."""
    array = site.array_of(states)
    if array is not None and not array.any():
        return None
    part = site.box(site.value_of(states), 0, place, 1)
    return site.reshape(part, site.build.shape_of(part)[1:])


def stacked(site: Site, last: Sequence[Sequence[str]], count: int) -> list[str | None]:
    """Of each state what all layers and directions end with, if somebody reads it."""
    used = site.used_outputs()
    results: list[str | None] = []
    for index in range(count):
        parts = [states[index] for states in last]
        if index + 1 not in used:
            results.append(None)
            continue
        wide = [site.reshape(part, (1, *site.build.shape_of(part))) for part in parts]
        results.append(wide[0] if len(wide) == 1 else site.emit("CONCATENATION", wide, {"axis": 0}))
    return results


TABLE = {
    "aten.lstm.input": recurrent(LSTM),
    "aten.gru.input": recurrent(GRU),
    "aten.rnn_tanh.input": recurrent(Kind("RNN", (0,), 1, {"activation": "TANH"})),
    "aten.rnn_relu.input": recurrent(Kind("RNN", (0,), 1, {"activation": "RELU"})),
}
