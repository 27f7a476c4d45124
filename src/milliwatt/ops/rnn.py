# SPDX-License-Identifier: Apache-2.0
"""RNN: a plain recurrent layer over a sequence in one direction, as ONNX has it.

Source: Elman, "Finding structure in time", 1990; ONNX, operator RNN of version 14, without clipping.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops import recurrent
from milliwatt.ops.float_functions import tanh
from milliwatt.ops.operator import Attribute, Call, Operator, Signature

Array = npt.NDArray[Any]


def known_activation(signature: Signature) -> bool:
    """The activation is TANH or RELU."""
    return signature.attrs["activation"] in ("TANH", "RELU")


def evaluate(call: Call) -> tuple[Array, ...]:
    """Sums in float64, rounded once to float32."""
    ahead, back = recurrent.biases(call)
    weights, recurrent_weights = call.input(1), call.input(2)
    activation = tanh if call.signature.attrs["activation"] == "TANH" else _rectify

    def advance(data: Array, hidden: Array) -> tuple[Array]:
        sums = recurrent.product(data, weights) + recurrent.product(hidden, recurrent_weights) + ahead + back
        return (activation(sums.astype(np.float32)),)

    return recurrent.scan(call, advance)


def _rectify(values: Array) -> Array:
    result: Array = np.maximum(values, np.float32(0))
    return result


OPERATOR = Operator(
    name="RNN",
    summary="A plain recurrent layer over a sequence in one direction.",
    attributes={"direction": recurrent.DIRECTION, "activation": Attribute("enum", "TANH")},
    types=(recurrent.type_row("RNN"),),
    constraints=(*recurrent.CONSTRAINTS, known_activation),
    shapes=recurrent.shapes,
    evaluate=evaluate,
    macs=recurrent.macs,
    tflite=False,
)
