# SPDX-License-Identifier: Apache-2.0
"""LSTM, GRU and simple recurrent layers, in one direction and in both. The weights stay as they are, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.importers.keras.layer import Layer, Translation
from milliwatt.ir import AttrValue

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Cell:
    """How a class of layers stands in the IR.

    Attributes:
        op: the operator.
        gates: which of Keras' gates, in the operator's order.
    """

    op: str
    gates: tuple[int, ...]


_CELLS = {
    "LSTM": _Cell("LSTM", (0, 3, 1, 2)),  # i f c o -> i o f c
    "GRU": _Cell("GRU", (0, 1, 2)),  # z r h
    "SimpleRNN": _Cell("RNN", (0,)),
}


def _recurrent(layer: Layer, values: list[str]) -> str | tuple[str, ...]:
    _refuse(layer)
    if len(values) != 1:
        raise layer.unsupported("a recurrent layer with initial states")
    backwards = layer.flag("go_backwards")
    outputs = _direction(layer, values[0], layer.arrays, "reverse" if backwards else "forward")
    sequence, *last = outputs
    batch, length, units = layer.shape(sequence)
    if not layer.flag("return_sequences"):
        shown = last[0]
    elif backwards and length > 1:
        # Keras leaves the steps in the order in which they were computed.
        shown = layer.emit("REVERSE_V2", [sequence, layer.build.integers([1], stem="axis")])
    else:
        shown = layer.reshape(sequence, (batch, length, units))
    return (shown, *last) if layer.flag("return_state") else shown


def _bidirectional(layer: Layer, values: list[str]) -> str:
    inner = layer.get("layer", {})
    kind, config = inner.get("class_name"), inner.get("config", {})
    if kind not in _CELLS or not isinstance(config, Mapping):
        raise layer.unsupported(f"Bidirectional around {str(kind)[:40]}")
    if layer.get("backward_layer") is not None and layer.major < 3:
        raise layer.unsupported("a backward layer of its own")
    if layer.get("merge_mode", "concat") not in ("concat", "sum"):
        raise layer.unsupported(f"the merge mode {str(layer.get('merge_mode'))[:20]}")
    both = replace(layer, kind=kind, config=config)
    _refuse(both)
    half = len(layer.arrays) // 2
    parts = [
        _direction(both, values[0], layer.arrays[:half], "forward"),
        _direction(both, values[0], layer.arrays[half:], "reverse"),
    ]
    shown = [part[0] if both.flag("return_sequences") else part[1] for part in parts]
    if layer.get("merge_mode", "concat") == "sum":
        return layer.emit("ADD", shown)
    return layer.emit("CONCATENATION", shown, {"axis": len(layer.shape(shown[0])) - 1})


def _direction(layer: Layer, value: str, arrays: Sequence[Array], direction: str) -> tuple[str, ...]:
    """[N, T, units] of all steps, [N, units] of the last one, and an LSTM's last cell."""
    cell = _CELLS[layer.kind]
    part = replace(layer, arrays=arrays)
    batch, length, _ = layer.shape(value) if layer.rank(value, 3) else (0, 0, 0)
    if batch != 1:
        raise layer.unsupported("a recurrent layer on more than one sequence at a time")
    attrs: dict[str, AttrValue] = {"direction": direction}
    if cell.op == "GRU":
        attrs["linear_before_reset"] = int(layer.flag("reset_after", default=True))
    if cell.op == "RNN":
        attrs["activation"] = str(layer.get("activation", "tanh")).upper()
    weights = layer.constant(_gates(part.array(0, 2).T, cell), "kernel")
    recurrent = layer.constant(_gates(part.array(1, 2).T, cell), "recurrent_kernel")
    bias = _bias(part, cell)
    states = [None, None] if cell.op == "LSTM" else [None]
    steps = layer.reshape(value, (length, 1, layer.shape(value)[2]))
    outputs = layer.build.nodes(cell.op, [steps, weights, recurrent, bias, *states], attrs)
    units = layer.shape(outputs[0])[-1]
    return (layer.reshape(outputs[0], (1, length, units)), *outputs[1:])


def _bias(part: Layer, cell: _Cell) -> str | None:
    """Biases of the inputs, then of the hidden state."""
    if not part.flag("use_bias", default=True):
        return None
    bias = part.array(2, 1, 2)
    ahead, back = (
        bias if bias.ndim == 2 and len(bias) == 2 else (bias.reshape(-1), np.zeros(bias.size, np.float32))
    )
    return part.constant(np.concatenate([_gates(ahead, cell), _gates(back, cell)]), "bias")


def _gates(array: Array, cell: _Cell) -> Array:
    """Rows of gates in the operator's order."""
    parts = np.split(array, len(cell.gates)) if len(array) % len(cell.gates) == 0 else [array]
    return np.concatenate([parts[gate] for gate in cell.gates]) if len(parts) == len(cell.gates) else array


def _refuse(layer: Layer) -> None:
    """Refuse what the operators do not have.

    Raises:
        UnsupportedError: other functions than tanh and sigmoid, or state that outlives a run.
    """
    functions = [("activation", "tanh")]
    if layer.kind != "SimpleRNN":
        functions.append(("recurrent_activation", "sigmoid"))
    elif layer.get("activation", "tanh") == "relu":
        functions = []
    for key, only in functions:
        if layer.get(key, only) != only:
            raise layer.unsupported(f"{key} {str(layer.get(key))[:40]}", hint=f"train it with {only}")
    if layer.flag("stateful"):
        raise layer.unsupported("a stateful layer", hint="feed whole windows, or stream the PyTorch form")


LAYERS: dict[str, Translation] = {
    **dict.fromkeys(_CELLS, _recurrent),
    "Bidirectional": _bidirectional,
}
