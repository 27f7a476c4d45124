# SPDX-License-Identifier: Apache-2.0
"""What LSTM, GRU and RNN share: shapes, constraints and the loop over the steps.

One node is one direction. Inputs: data [steps, batch, features], weights [gates * cells, features], recurrent
weights [gates * cells, cells], optional bias [2 * gates * cells] (that of the weights, then that of the recurrent
weights), optional initial states [batch, cells]. Outputs: the hidden state behind every step
[steps, batch, cells], then every state as the last step leaves it [batch, cells]. A node with state variables
begins with what they hold, leaves there what the last step leaves, and has the first output alone.

Source of layout and formulas: ONNX, operators LSTM, GRU and RNN of version 14.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ir import DType, Shape
from milliwatt.ops.operator import Attribute, Call, Signature, TypeRow, as_output

Array = npt.NDArray[Any]

DIRECTION = Attribute("enum", "forward")

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STATES = {"LSTM": 2, "GRU": 1, "RNN": 1}
FIRST_STATE = 4
"""Index of the input that is the initial hidden state."""


def rank_3(signature: Signature) -> bool:
    """The data is [steps, batch, features]."""
    return len(signature.input(0).shape) == 3


def constant_weights(signature: Signature) -> bool:
    """Weights, recurrent weights and bias are constants of the model."""
    given = [index for index in (1, 2, 3) if signature.has_input(index)]
    return all(signature.constant(index) is not None for index in given)


def fitting_shapes(signature: Signature) -> bool:
    """Weights are [gates * cells, features], recurrent weights [gates * cells, cells], the bias has
    2 * gates * cells elements.
    """
    _, _, features, cells = sizes(signature)
    rows = GATES[signature.op] * cells
    fit = signature.input(1).shape == (rows, features) and signature.input(2).shape == (rows, cells)
    return fit and (not signature.has_input(3) or signature.input(3).shape == (2 * rows,))


def fitting_states(signature: Signature) -> bool:
    """Initial states and state variables are float32 of batch * cells elements; a node has one of the two or none."""
    _, batch, _, cells = sizes(signature)
    count = STATES[signature.op]
    given = [index for index in range(FIRST_STATE, FIRST_STATE + count) if signature.has_input(index)]
    if signature.states and (given or len(signature.states) != count):
        return False
    kinds = [*signature.states, *(signature.input(index) for index in given)]
    return all(kind.dtype is DType.FLOAT32 and kind.size == batch * cells for kind in kinds)


def known_direction(signature: Signature) -> bool:
    """The direction is "forward" or "reverse"; a bidirectional layer is one node of each."""
    return signature.attrs["direction"] in ("forward", "reverse")


CONSTRAINTS = (rank_3, constant_weights, fitting_shapes, fitting_states, known_direction)


def type_row(op: str) -> TypeRow:
    """float32 throughout."""
    optional = (DType.FLOAT32, None)
    return TypeRow(
        (*(DType.FLOAT32,) * 3, *(optional,) * (1 + STATES[op])),
        (DType.FLOAT32, *(optional,) * STATES[op]),
    )


def sizes(signature: Signature) -> tuple[int, int, int, int]:
    """Steps, batch, features and cells."""
    steps, batch, features = signature.input(0).shape
    return steps, batch, features, signature.input(2).shape[1]


def shapes(signature: Signature) -> tuple[Shape, ...]:
    """[steps, batch, cells], and [batch, cells] for every state that is no state variable."""
    steps, batch, _, cells = sizes(signature)
    last = () if signature.states else ((batch, cells),) * STATES[signature.op]
    return ((steps, batch, cells), *last)


def macs(signature: Signature) -> int:
    """Steps times batch times gates times cells times (features + cells)."""
    steps, batch, features, cells = sizes(signature)
    return steps * batch * GATES[signature.op] * cells * (features + cells)


def biases(call: Call) -> tuple[Array, Array]:
    """Biases of the weights and of the recurrent weights, [gates * cells] each; zeros where there are none."""
    bias = call.inputs[3] if len(call.inputs) > 3 else None
    if bias is None:
        bias = np.zeros(2 * call.input(1).shape[0], np.float32)
    first, second = bias.reshape(2, -1)
    return first, second


def product(values: Array, weights: Array) -> Array:
    """[batch, rows]: the rows of weights times the values, in float64."""
    result: Array = values.astype(np.float64) @ weights.T.astype(np.float64)
    return result


def scan(call: Call, advance: Callable[..., tuple[Array, ...]]) -> tuple[Array, ...]:
    """All steps in the node's direction.

    Args:
        call: what the meaning got.
        advance: (data of a step, *states) -> states; the first state is what the sequence shows.
    """
    data = call.input(0)
    steps, _, _, cells = sizes(call.signature)
    states = _initial(call, (data.shape[1], cells))
    sequence = np.empty((*data.shape[:2], cells), np.float32)
    backwards = call.signature.attrs["direction"] == "reverse"
    for step in reversed(range(steps)) if backwards else range(steps):
        states = advance(data[step], *states)
        sequence[step] = states[0]
    if call.states:
        for variable, state in zip(call.states, states, strict=True):
            variable[...] = state.reshape(variable.shape)
        states = ()
    return tuple(as_output(array, call.signature, index) for index, array in enumerate((sequence, *states)))


def _initial(call: Call, shape: Shape) -> tuple[Array, ...]:
    if call.states:
        return tuple(state.reshape(shape).copy() for state in call.states)
    count = STATES[call.signature.op]
    given = [*call.inputs[FIRST_STATE:], *(None,) * count][:count]
    return tuple(np.zeros(shape, np.float32) if state is None else state.reshape(shape) for state in given)
