# SPDX-License-Identifier: Apache-2.0
"""LSTM: long short-term memory over a sequence in one direction, as ONNX has it.

Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; ONNX, operator LSTM of version 14, without
peepholes, clipping and coupled gates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import recurrent
from milliwatt.ops.float_functions import logistic, tanh
from milliwatt.ops.operator import Call, Operator

Array = npt.NDArray[Any]


def evaluate(call: Call) -> tuple[Array, ...]:
    """Sums in float64, rounded once to float32; functions and products in float32."""
    ahead, back = recurrent.biases(call)
    weights, recurrent_weights = call.input(1), call.input(2)

    def advance(data: Array, hidden: Array, cell: Array) -> tuple[Array, Array]:
        sums = recurrent.product(data, weights) + recurrent.product(hidden, recurrent_weights) + ahead + back
        entering, shown, forget, new = np.split(sums.astype(np.float32), 4, axis=1)
        cell = logistic(forget) * cell + logistic(entering) * tanh(new)
        return logistic(shown) * tanh(cell), cell

    return recurrent.scan(call, advance)


OPERATOR = Operator(
    name="LSTM",
    summary="A long short-term memory over a sequence in one direction (gates in the order i, o, f, c).",
    attributes={"direction": recurrent.DIRECTION},
    types=(recurrent.type_row("LSTM"),),
    constraints=recurrent.CONSTRAINTS,
    shapes=recurrent.shapes,
    evaluate=evaluate,
    macs=recurrent.macs,
    tflite=False,
)
