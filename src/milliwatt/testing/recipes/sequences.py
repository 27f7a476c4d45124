# SPDX-License-Identifier: Apache-2.0
"""LSTM, GRU and RNN as ONNX has them."""

from __future__ import annotations

import numpy as np

from milliwatt.ir import AttrValue, DType, State, TensorType
from milliwatt.ops.recurrent import GATES, STATES
from milliwatt.testing.builder import GraphBuilder
from milliwatt.testing.recipe import Recipe


def _layer(build: GraphBuilder, dtype: DType, op: str, attrs: dict[str, AttrValue]) -> tuple[str, ...]:
    """Both directions; with and without bias, initial states and state variables."""
    steps, batch, features = build.integer(1, 4), build.integer(1, 2), build.integer(1, 7)
    data = build.value(dtype, shape=(steps, batch, features))
    cells = build.integer(1, 9)
    rows = GATES[op] * cells
    bias = build.weights((2 * rows,), dtype) if build.random.random() < 0.7 else None
    inputs = [data, build.weights((rows, features), dtype), build.weights((rows, cells), dtype), bias]
    kind = TensorType(dtype, (batch, cells))
    states: tuple[State, ...] = ()
    if build.random.random() < 0.3:
        states = tuple(
            State(f"state_{build.integer(0, 1 << 30)}", kind, build.sample(kind)) for _ in range(STATES[op])
        )
    else:
        inputs += [_initial(build, kind) for _ in range(STATES[op])]
    attrs["direction"] = build.choice(["forward", "reverse"])
    return build.node(op, inputs, attrs=attrs, dtype=dtype, states=states)


def _initial(build: GraphBuilder, kind: TensorType) -> str | None:
    """Computed, constant or absent."""
    choice = build.integer(0, 2)
    if choice == 0:
        return build.value(kind.dtype, shape=kind.shape)
    return build.constant(build.random.normal(0, 1, kind.shape).astype(np.float32)) if choice == 1 else None


def lstm(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Any."""
    return _layer(build, dtype, "LSTM", {})


def gru(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """The reset gate before and behind the recurrent weights."""
    return _layer(build, dtype, "GRU", {"linear_before_reset": build.integer(0, 1)})


def rnn(build: GraphBuilder, dtype: DType) -> tuple[str, ...]:
    """Both activations."""
    return _layer(build, dtype, "RNN", {"activation": build.choice(["TANH", "RELU"])})


RECIPES = (
    Recipe("GRU", gru, (DType.FLOAT32,)),
    Recipe("LSTM", lstm, (DType.FLOAT32,)),
    Recipe("RNN", rnn, (DType.FLOAT32,)),
)
