# SPDX-License-Identifier: Apache-2.0
"""GRU: gated recurrent units over a sequence in one direction, as ONNX has it.

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; ONNX, operator GRU of
version 14, without clipping.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import recurrent
from milliwatt.ops.float_functions import logistic, tanh
from milliwatt.ops.operator import Attribute, Call, Operator, Signature

Array = npt.NDArray[Any]


def reset_is_known(signature: Signature) -> bool:
    """linear_before_reset is 0 or 1."""
    return signature.attrs["linear_before_reset"] in (0, 1)


def evaluate(call: Call) -> tuple[Array, ...]:
    """Sums in float64, rounded once to float32; functions and products in float32.

    The reset gate multiplies the hidden state, or with linear_before_reset what the recurrent weights make of it.
    """
    ahead, back = recurrent.biases(call)
    weights, recurrent_weights = call.input(1), call.input(2)
    cells = recurrent_weights.shape[1]
    linear = bool(call.signature.attrs["linear_before_reset"])

    def advance(data: Array, hidden: Array) -> tuple[Array]:
        first = recurrent.product(data, weights) + ahead
        second = recurrent.product(hidden, recurrent_weights[: 2 * cells]) + back[: 2 * cells]
        gates = logistic((first[:, : 2 * cells] + second).astype(np.float32))
        update, reset = gates[:, :cells], gates[:, cells:]
        kept = hidden if linear else (reset * hidden).astype(np.float32)
        third = recurrent.product(kept, recurrent_weights[2 * cells :]) + back[2 * cells :]
        inner = first[:, 2 * cells :] + (reset * third.astype(np.float32) if linear else third)
        new = tanh(inner.astype(np.float32))
        return ((np.float32(1) - update) * new + update * hidden,)

    return recurrent.scan(call, advance)


OPERATOR = Operator(
    name="GRU",
    summary="Gated recurrent units over a sequence in one direction (gates in the order z, r, h).",
    attributes={"direction": recurrent.DIRECTION, "linear_before_reset": Attribute("int", 0)},
    types=(recurrent.type_row("GRU"),),
    constraints=(*recurrent.CONSTRAINTS, reset_is_known),
    shapes=recurrent.shapes,
    evaluate=evaluate,
    macs=recurrent.macs,
    tflite=False,
)
