# SPDX-License-Identifier: Apache-2.0
"""LSTM, GRU and RNN: one node per direction, in ONNX's own layout of gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from milliwatt.importers.moving import crop, reshape, transpose
from milliwatt.importers.onnx.site import Handler, Result, Site
from milliwatt.ir import AttrValue

Array = npt.NDArray[Any]

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_USUAL = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh")}


def _attributes(site: Site, directions: int) -> Mapping[str, AttrValue]:
    """Attributes beside the direction.

    Raises:
        UnsupportedError: activations, clipping or gates that the operators lack.
    """
    op = site.node.op
    found = site.node.attributes.get("activations") or ()
    activations = tuple(str(name).lower() for name in found)
    if site.node.attributes.get("clip") or site.integer("input_forget", 0):
        raise site.refusal(f"{op} with clipping or coupled gates is not supported")
    if op == "RNN":
        kinds = set(activations) or {"tanh"}
        if len(kinds) != 1 or not kinds <= {"tanh", "relu"}:
            raise site.refusal(f"RNN with the activations {list(activations)} is not supported")
        return {"activation": kinds.pop().upper()}
    if activations and activations != _USUAL[op] * directions:
        raise site.refusal(f"{op} with the activations {list(activations)} is not supported")
    return {"linear_before_reset": site.integer("linear_before_reset", 0)} if op == "GRU" else {}


def _check_lengths(site: Site, steps: int) -> None:
    if site.has(4) and any(length != steps for length in site.known_integers(4, "sequence lengths")):
        raise site.refusal(f"{site.node.op} with sequences of different lengths is not supported")
    if site.node.op == "LSTM" and site.has(7) and bool(site.known(7, "peepholes").any()):
        raise site.refusal("LSTM with peepholes is not supported")


def recurrent(site: Site) -> tuple[Result, ...]:
    """LSTM, GRU or RNN: [steps, batch, features] -> Y [steps, directions, batch, cells] and the last states."""
    build, op = site.build, site.node.op
    batch_first = bool(site.integer("layout", 0))
    data = transpose(build, site.value(0), (1, 0, 2)) if batch_first else site.value(0)
    weights, recurrent_weights = site.known_floats(1, "weights"), site.known_floats(2, "recurrent weights")
    bias = site.known_floats(3, "bias") if site.has(3) else None
    word = site.text("direction", "forward")
    names = {"forward": ("forward",), "reverse": ("reverse",), "bidirectional": ("forward", "reverse")}.get(
        word
    )
    shape = build.shape_of(data)
    fits = len(shape) == 3 and weights.ndim == recurrent_weights.ndim == 3
    if names is None or not fits or {len(weights), len(recurrent_weights)} != {len(names)}:
        raise site.damage(f"{op} has data, weights and a direction that do not fit each other")
    if bias is not None and bias.shape != (len(names), 2 * _GATES[op] * recurrent_weights.shape[2]):
        raise site.damage(f"{op} has a bias of the shape {list(bias.shape)}")
    attributes = _attributes(site, len(names))
    _check_lengths(site, shape[0])
    runs = []
    for index, direction in enumerate(names):
        inputs = [
            data,
            build.constant(weights[index], stem=f"{op.lower()}.weights"),
            build.constant(recurrent_weights[index], stem=f"{op.lower()}.recurrent"),
            None if bias is None else build.constant(bias[index], stem=f"{op.lower()}.bias"),
            *_initial(site, index, len(names), batch_first=batch_first),
        ]
        runs.append(build.nodes(op, inputs, {"direction": direction, **attributes}))
    return _stacked(site, runs, batch_first=batch_first)


def _initial(site: Site, index: int, directions: int, *, batch_first: bool) -> list[str | None]:
    """The initial states of one direction, [batch, cells] each."""
    states: list[str | None] = []
    for place in (5, 6) if site.node.op == "LSTM" else (5,):
        if not site.has(place):
            states.append(None)
            continue
        value = site.value(place)
        if len(site.build.shape_of(value)) != 3:
            raise site.damage(f"{site.node.op} has an initial state without three axes")
        value = transpose(site.build, value, (1, 0, 2)) if batch_first else value
        shape = site.build.shape_of(value)
        if shape[0] != directions:
            raise site.damage(f"{site.node.op} has an initial state for {shape[0]} directions")
        part = crop(site.build, value, (index, 0, 0), (1, *shape[1:]))
        states.append(reshape(site.build, part, shape[1:]))
    return states


def _stacked(site: Site, runs: Sequence[tuple[str, ...]], *, batch_first: bool) -> tuple[Result, ...]:
    """Y and the last states, with the axis of directions."""
    build, results = site.build, list[Result]()
    for number, parts in enumerate(zip(*runs, strict=True)):
        if number >= len(site.node.outputs) or not site.node.outputs[number]:
            results.append(None)
            continue
        axis = 1 if number == 0 else 0
        wide = []
        for part in parts:
            shape = build.shape_of(part)
            wide.append(reshape(build, part, (*shape[:axis], 1, *shape[axis:])))
        value = wide[0] if len(wide) == 1 else build.node("CONCATENATION", wide, {"axis": axis})
        if batch_first:
            value = transpose(build, value, (2, 0, 1, 3) if number == 0 else (1, 0, 2))
        results.append(value)
    return tuple(results)


HANDLERS: dict[str, Handler] = dict.fromkeys(_GATES, recurrent)
