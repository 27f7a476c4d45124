# SPDX-License-Identifier: Apache-2.0
"""What the gates of a UNIDIRECTIONAL_SEQUENCE_LSTM are made of: operands by gate, and integer constants.

Source: TFLite `kernels/lstm_eval.cc` and `kernels/lstm.cc` (PopulateQuantizedLstmParams8x8_16).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from milliwatt.ops.fixed_point import quantize_multiplier
from milliwatt.ops.operator import Signature

Array = npt.NDArray[Any]

INPUT, FORGET, CELL, OUTPUT = range(4)
"""The gates in the order of the operator's inputs."""

GATE_BITS = 3
"""Integer bits of a gate's sum before its activation: int16 in steps of 2**-12."""


@dataclass(frozen=True)
class Gate:
    """One gate's operands.

    Attributes:
        index: INPUT, FORGET, CELL or OUTPUT.
        weights: [cells, inputs].
        recurrent: [cells, outputs].
        bias: [cells].
    """

    index: int
    weights: Array
    recurrent: Array
    bias: Array


@dataclass(frozen=True)
class IntegerGate:
    """A gate of the integer kernel.

    Attributes:
        gate: the operands.
        bias: bias less the input's zero point times the weights' row sums, int32.
        recurrent_bias: minus the state's zero point times the recurrent weights' row sums, int32.
        scale, recurrent_scale: mantissa and exponent of both sums.
    """

    gate: Gate
    bias: Array
    recurrent_bias: Array
    scale: tuple[int, int]
    recurrent_scale: tuple[int, int]


def is_coupled(signature: Signature) -> bool:
    """Whether there is no input gate, which then is one minus the forget gate (CIFG)."""
    return not signature.has_input(1)


def gate_indices(signature: Signature) -> tuple[int, ...]:
    """The gates that have weights."""
    return (FORGET, CELL, OUTPUT) if is_coupled(signature) else (INPUT, FORGET, CELL, OUTPUT)


def gates(signature: Signature) -> Iterator[Gate]:
    """The gates with their constant operands.

    Raises:
        ValueError: an operand is not constant.
    """
    for index in gate_indices(signature):
        arrays = [signature.constant(first + index) for first in (1, 5, 12)]
        if any(array is None for array in arrays):
            raise ValueError("the weights and biases of an LSTM must be constant")
        yield Gate(index, *(np.asarray(array) for array in arrays))


def integer_gates(signature: Signature) -> tuple[IntegerGate, ...]:
    """The gates with the constants of the integer kernel; TFLite computes their scales in float32."""
    input_scale, input_zero = signature.quant(0)
    state = signature.states[0].quant
    if state is None:
        raise ValueError("the hidden state is not quantised")
    step = np.float32(2.0 ** (GATE_BITS - 15))
    built = []
    for gate in gates(signature):
        weights, recurrent = (np.float32(signature.quant(first + gate.index)[0]) for first in (1, 5))
        row_sums = gate.weights.astype(np.int64).sum(1), gate.recurrent.astype(np.int64).sum(1)
        built.append(
            IntegerGate(
                gate=gate,
                bias=(gate.bias.astype(np.int64) - input_zero * row_sums[0]).astype(np.int32),
                recurrent_bias=(-state.scalar[1] * row_sums[1]).astype(np.int32),
                scale=quantize_multiplier(float(weights * np.float32(input_scale) / step)),
                recurrent_scale=quantize_multiplier(float(recurrent * np.float32(state.scalar[0]) / step)),
            )
        )
    return tuple(built)


def cell_shift(signature: Signature) -> int:
    """The cell state's scale is 2 to the power of this.

    Raises:
        ValueError: it is not a power of two.
    """
    quant = signature.states[1].quant
    if quant is None:
        raise ValueError("the cell state is not quantised")
    fraction, exponent = math.frexp(quant.scalar[0])
    if fraction != 0.5:
        raise ValueError("the scale of the cell state is not a power of two")
    return exponent - 1


def integer_clip(signature: Signature) -> int:
    """The largest magnitude of the int16 cell state; 0 for no limit."""
    clip = float(signature.attrs["cell_clip"])
    if clip <= 0:
        return 0
    # A scale that is a power of two divides without rounding, in float32 as in float64.
    return int(min(float(np.float32(clip)) / 2.0 ** cell_shift(signature), 32767.0))


def hidden_scale(signature: Signature) -> tuple[int, int, int]:
    """Mantissa and exponent that bring gate times tanh (2**-30) to the hidden scale, and its zero point."""
    scale = np.float32(signature.attrs["intermediate_scales"][4])
    unit = np.float32(2.0**-15)
    mantissa, exponent = quantize_multiplier(float(unit / scale * unit))
    return mantissa, exponent, int(signature.attrs["intermediate_zero_points"][4])
